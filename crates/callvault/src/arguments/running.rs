//! Arguments about the server and what lives in it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Output;
use crate::config::Span;

/// `callvault serve ...`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callvault serve --data /var/lib/callvault --listen 0.0.0.0:8088
  callvault serve --config /etc/callvault.toml --tls-listen 0.0.0.0:443

Stops on SIGTERM or SIGINT after requests under way have finished; a second SIGINT stops at once.
`callvault config reference` explains every setting.")]
pub(crate) struct ServeArguments {
    /// An address that speaks HTTP and HTTPS on one port; may be repeated [default: 127.0.0.1:8088]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<String>,
    /// An address that speaks plain HTTP only; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub(crate) plain_listen: Vec<String>,
    /// An address that speaks HTTPS only; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub(crate) tls_listen: Vec<String>,
    /// Written when the server accepts connections, with one line per protocol and address: `http 127.0.0.1:8088`
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// `callvault demo ...`
#[derive(Debug, Args)]
#[command(
    after_help = "The data folder must be absent, empty, or one that the demo made before. Its passwords are public:
do not use it for anything else."
)]
pub(crate) struct DemoArguments {
    /// The address, which speaks HTTP and HTTPS [default: 127.0.0.1:8088]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Written when the server accepts connections, with one line per protocol and address
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// `callvault ticket ...`
#[derive(Debug, Subcommand)]
pub(crate) enum TicketCommand {
    /// Make a ticket; prints the path under which the recording can be fetched, once and without a login
    #[command(
        after_help = "Example:\n  callvault ticket create --customer 1 --recording CALL.wav --ttl 1h --allow 192.0.2.7"
    )]
    Create {
        /// The customer of the recording
        #[arg(long, value_name = "ID")]
        customer: i64,
        /// The name of the recording
        #[arg(long, value_name = "NAME")]
        recording: String,
        /// An address that may use it; may be repeated [default: any]
        #[arg(long, value_name = "IP", value_delimiter = ',')]
        allow: Vec<IpAddr>,
        /// How long it is good [default: 30s]
        #[arg(long, value_name = "TIME")]
        ttl: Option<Span>,
        #[command(flatten)]
        output: Output,
    },
    /// List tickets that were not used
    List(Output),
    /// Take tickets back
    Revoke {
        /// Their ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// `callvault session ...`
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List live sessions
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// End sessions
    Revoke {
        /// Their ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// `callvault lockout ...`
#[derive(Debug, Subcommand)]
pub(crate) enum LockoutCommand {
    /// List the locks in force
    List(Output),
    /// Forget the failed logins of an address, or of all
    Clear {
        /// The address
        #[arg(value_name = "ADDR")]
        address: Option<IpAddr>,
        #[command(flatten)]
        output: Output,
    },
}

/// `callvault target ...`
#[derive(Debug, Subcommand)]
pub(crate) enum TargetCommand {
    /// List the targets with what waits for them
    List(Output),
    /// Send a target an event that tells of no call (BootUp); exit code 1 when it is not taken
    #[command(
        after_help = "Example:\n  callvault target test 3\n\nWhat waits for the target is not touched."
    )]
    Test {
        /// The target
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Send what was set aside for a target once more, after what waits for it
    Resend {
        /// The target
        id: i64,
        #[command(flatten)]
        output: Output,
    },
}

/// `callvault log ...`
#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// List the entries, oldest first
    #[command(after_help = "Example:\n  callvault log list --customer 1 --name CALL.wav")]
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        /// About one recording, message, prompt or sound
        #[arg(long)]
        name: Option<String>,
        /// By one person (id or username)
        #[arg(long)]
        person: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Check the chains of hashes; exit code 1 when something was changed or cut
    Verify(Output),
}

/// `callvault config ...`
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the settings in effect
    Show {
        /// Say for each where it comes from: default, file, environment or command line
        #[arg(long)]
        sources: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Print the reference of all settings (Markdown)
    Reference,
}
