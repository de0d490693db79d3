//! Arguments about customers, people and roles.

use clap::{Args, Subcommand};

use super::{Output, TotpCommand};
use crate::config::Bytes;

/// `callvault customer ...`
#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    /// Add a customer; prints its id
    #[command(
        after_help = "Example:\n  callvault customer add --name \"Example Telecom\" --timezone Europe/Berlin"
    )]
    Add {
        /// Its name
        #[arg(long)]
        name: String,
        /// A description
        #[arg(long)]
        description: Option<String>,
        /// A number of your own; the next free one otherwise
        #[arg(long)]
        id: Option<i64>,
        /// The customer above it
        #[arg(long, value_name = "ID")]
        parent: Option<i64>,
        /// Its time zone, as in the IANA database [default: UTC]
        #[arg(long, value_name = "ZONE")]
        timezone: Option<String>,
        #[command(flatten)]
        device: DeviceArguments,
        #[command(flatten)]
        plan: PlanArguments,
        #[command(flatten)]
        output: Output,
    },
    /// Change a customer
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["name", "timezone", "serial", "device_name", "hunt_groups", "largest_message", "total_messages", "destinations", "sounds", "people", "customers", "description", "record_groups", "recordings_encoding"]))]
    Set {
        /// The customer
        id: i64,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Another description; empty for none
        #[arg(long)]
        description: Option<String>,
        /// Another time zone
        #[arg(long, value_name = "ZONE")]
        timezone: Option<String>,
        #[command(flatten)]
        device: DeviceArguments,
        #[command(flatten)]
        plan: PlanArguments,
        /// How the Enswitch API writes its recordings where a client does not say: base64 is for scripts from the first
        /// builds of that API [at first: raw]
        #[arg(long, value_name = "WORD", value_parser = ["raw", "base64"])]
        recordings_encoding: Option<String>,
    },
    /// List the customers
    List(Output),
    /// Show one customer
    Show {
        /// The customer
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a customer in which nothing is left; its number is never given again
    Remove {
        /// The customer
        id: i64,
    },
    /// Close every door to a customer's people and to those of the customers below; nothing is deleted
    Disable {
        /// The customer
        id: i64,
    },
    /// Open the doors again
    Enable {
        /// The customer
        id: i64,
    },
}

/// The device that a customer stands for.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeviceArguments {
    /// The serial number of the device that it stands for, as the Yeastar API tells it: at most 32 visible ASCII
    /// characters; empty for none
    #[arg(long, value_name = "SN")]
    pub(crate) serial: Option<String>,
    /// The name of that device; empty for none
    #[arg(long, value_name = "NAME")]
    pub(crate) device_name: Option<String>,
}

/// What a customer may keep.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlanArguments {
    /// Whether hunt groups and messages may be added
    #[arg(long, value_name = "WORD", value_parser = ["allow", "forbid"])]
    pub(crate) hunt_groups: Option<String>,
    /// The largest message, prompt or sound, such as 2MiB, or none for no limit beside that of the installation
    #[arg(long, value_name = "BYTES", value_parser = limit)]
    pub(crate) largest_message: Option<Limit>,
    /// The most bytes of all messages, their older versions and sounds together, such as 500MiB, or none for no limit
    #[arg(long, value_name = "BYTES", value_parser = limit)]
    pub(crate) total_messages: Option<Limit>,
    /// The most destinations of one hunt group, or none for no limit
    #[arg(long, value_name = "N", value_parser = most)]
    pub(crate) destinations: Option<Most>,
    /// Whether sounds may be added, changed and filled
    #[arg(long, value_name = "WORD", value_parser = ["allow", "forbid"])]
    pub(crate) sounds: Option<String>,
    /// The most people, or none for no limit; 0 also keeps those that are there from being changed
    #[arg(long, value_name = "N", value_parser = most)]
    pub(crate) people: Option<Most>,
    /// The most customers directly below it, or none for no limit; 0 also keeps those that are there from being changed
    #[arg(long, value_name = "N", value_parser = most)]
    pub(crate) customers: Option<Most>,
    /// Whether record groups may be added and changed
    #[arg(long, value_name = "WORD", value_parser = ["allow", "forbid"])]
    pub(crate) record_groups: Option<String>,
}

/// A limit in bytes, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(pub(crate) Option<u64>);

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        size => size.parse().map(|Bytes(bytes)| Limit(Some(bytes))),
    }
}

/// A most of something that is counted, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most(pub(crate) Option<u32>);

fn most(text: &str) -> Result<Most, String> {
    match text {
        "none" => Ok(Most(None)),
        number => {
            let number = number.parse().map_err(|_| "must be a whole number, or none".to_owned())?;
            Ok(Most(Some(number)))
        }
    }
}

/// How a new password is given.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PasswordArguments {
    /// Read the password from standard input (its first line) instead of asking on the terminal
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// What is known of a person; empty for nothing.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ProfileArguments {
    /// E-mail address
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// Title
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// First name
    #[arg(long)]
    pub(crate) forename: Option<String>,
    /// Last name
    #[arg(long)]
    pub(crate) surname: Option<String>,
    /// Company
    #[arg(long)]
    pub(crate) company: Option<String>,
    /// A description
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// Two letters; empty for the customer's
    #[arg(long)]
    pub(crate) country: Option<String>,
    /// Language code
    #[arg(long)]
    pub(crate) language: Option<String>,
    /// Time zone, as in the IANA database; empty for the customer's
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// How dates are shown
    #[arg(long, value_name = "WORD", value_parser = ["YYYY-MM-DD", "DD/MM/YYYY", "MM/DD/YYYY"])]
    pub(crate) date_format: Option<String>,
    /// How times of day are shown
    #[arg(long, value_name = "WORD", value_parser = ["24", "12"])]
    pub(crate) time_format: Option<String>,
    /// Telephone number
    #[arg(long)]
    pub(crate) telephone: Option<String>,
    /// Mobile number
    #[arg(long)]
    pub(crate) mobile: Option<String>,
    /// Fax number
    #[arg(long)]
    pub(crate) fax: Option<String>,
    /// Where "dial by name" forwards to
    #[arg(long)]
    pub(crate) extension: Option<String>,
    /// PGP public key
    #[arg(long)]
    pub(crate) public_key: Option<String>,
}

/// `callvault person ...`
#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// Add a person; prints their id
    #[command(after_help = "Examples:\n  \
        callvault person add --customer 1 --username crm --role api\n  \
        echo \"$PASSWORD\" | callvault person add --customer 1 --username crm --role api --password-stdin --source 192.0.2.7,10.0.0.0/8")]
    Add {
        /// Where they belong
        #[arg(long, value_name = "ID")]
        customer: i64,
        /// The name they log in with, unique in the installation
        #[arg(long)]
        username: String,
        /// What they may; `callvault role list` shows the roles
        #[arg(long)]
        role: String,
        #[command(flatten)]
        password: PasswordArguments,
        /// Give them the password of this person of the same customer (id or username) instead of asking for one
        #[arg(long, value_name = "PERSON", conflicts_with = "password_stdin")]
        copy_password: Option<String>,
        /// The addresses or networks they may come from, with commas between [default: any]
        #[arg(long, value_name = "IPS")]
        source: Option<String>,
        /// How their failed Yeastar downloads look: envelope (HTTP 200 with an errno, as on the device) or status (the
        /// HTTP status tells as well) [default: envelope]
        #[arg(long, value_name = "WORD", value_parser = ["envelope", "status"])]
        download_errors: Option<String>,
        /// What they get for call records of which there are none by the Yeastar API: header (a file with the header line
        /// alone) or missing (a failure, which leaves the ticket good) [default: header]
        #[arg(long, value_name = "WORD", value_parser = ["header", "missing"])]
        empty_calls: Option<String>,
        #[command(flatten)]
        profile: Box<ProfileArguments>,
        #[command(flatten)]
        output: Output,
    },
    /// Change a person
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["username", "role", "source", "download_errors", "empty_calls", "email", "title", "forename", "surname", "company", "description", "country", "language", "timezone", "date_format", "time_format", "telephone", "mobile", "fax", "extension", "public_key"]))]
    Set {
        /// Their id or username
        person: String,
        /// Another name to log in with
        #[arg(long)]
        username: Option<String>,
        /// Another role
        #[arg(long)]
        role: Option<String>,
        /// Other addresses or networks; empty for any
        #[arg(long, value_name = "IPS")]
        source: Option<String>,
        /// How their failed Yeastar downloads look: envelope (HTTP 200 with an errno, as on the device) or status (the
        /// HTTP status tells as well)
        #[arg(long, value_name = "WORD", value_parser = ["envelope", "status"])]
        download_errors: Option<String>,
        /// What they get for call records of which there are none by the Yeastar API: header (a file with the header line
        /// alone) or missing (a failure, which leaves the ticket good)
        #[arg(long, value_name = "WORD", value_parser = ["header", "missing"])]
        empty_calls: Option<String>,
        #[command(flatten)]
        profile: Box<ProfileArguments>,
    },
    /// List people
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Show one person
    Show {
        /// Their id or username
        person: String,
        #[command(flatten)]
        output: Output,
    },
    /// Give a person another password; ends their sessions
    SetPassword {
        /// Their id or username
        person: String,
        #[command(flatten)]
        password: PasswordArguments,
    },
    /// Remove a person who owns nothing; ends their sessions. Their number is never given again
    Remove {
        /// Their id or username
        person: String,
    },
    /// Keep a person from logging in; ends their sessions
    Disable {
        /// Their id or username
        person: String,
    },
    /// Let a person log in again
    Enable {
        /// Their id or username
        person: String,
    },
    /// One-time codes of an authenticator app, which a login of theirs takes besides the password
    #[command(subcommand)]
    Totp(TotpCommand),
}

/// `callvault role ...`
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// List the roles
    List(Output),
    /// Show one role
    Show {
        /// Its name or id
        role: String,
        #[command(flatten)]
        output: Output,
    },
    /// Add a role; prints its id
    #[command(
        after_help = "Example:\n  callvault role add --name exporter --privileges record,cdrs,yeastar_api"
    )]
    Add {
        /// Its name
        #[arg(long)]
        name: String,
        /// What it may, with commas between; `callvault role show \"system owner\"` lists all there is
        #[arg(long, value_name = "A,B,C", value_delimiter = ',', required = true)]
        privileges: Vec<String>,
        /// How far it reaches [default: as far as the pre-made role with such privileges]
        #[arg(long, value_parser = ["own", "customer", "subtree", "system"])]
        reach: Option<String>,
        #[command(flatten)]
        output: Output,
    },
}
