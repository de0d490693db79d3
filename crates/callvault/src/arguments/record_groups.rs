//! Arguments about record groups.

use clap::{Args, Subcommand};

use super::Output;

/// What a record group does. Callvault keeps recordings for as long as it says; the rest it keeps for those who ask.
#[derive(Debug, Clone, Args)]
pub(crate) struct RecordGroupSettingsArguments {
    /// A description; empty for none
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// E-mail addresses for recordings to be sent to; empty for none
    #[arg(long, value_name = "ADDRESSES")]
    pub(crate) email: Option<String>,
    /// For how many days a recording is kept that comes into the group; 0 keeps none, and refuses them
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub(crate) expires: Option<u32>,
    /// How many of a hundred calls are recorded
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) fraction: Option<u8>,
    /// Seconds between the beeps that tell of the recording; 0 for none
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(0..=3600))]
    pub(crate) beep: Option<u16>,
    /// Whether calls that come in are recorded
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no"])]
    pub(crate) inbound: Option<String>,
    /// Whether calls that go out are recorded
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no"])]
    pub(crate) outbound: Option<String>,
    /// Whether recordings are transcribed
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no"])]
    pub(crate) transcribe: Option<String>,
    /// To which calls it is said that they are recorded
    #[arg(long, value_name = "WORD", value_parser = ["none", "all", "inbound", "inbound_outbound", "internal", "outbound"])]
    pub(crate) announcement: Option<String>,
}

/// `callvault recordgroup ...`
#[derive(Debug, Subcommand)]
pub(crate) enum RecordGroupCommand {
    /// Add a record group; prints its id
    #[command(
        after_help = "Example:\n  callvault recordgroup add --customer 1 --name Sales --expires 90\n\nAll but the days is for the phone system to read: Callvault itself sends, records and transcribes nothing."
    )]
    Add {
        /// Where it belongs
        #[arg(long, value_name = "ID")]
        customer: i64,
        /// Its name
        #[arg(long)]
        name: String,
        /// A number of your own; the next free one otherwise
        #[arg(long)]
        id: Option<i64>,
        /// The person whose it is, with its recordings (id or username)
        #[arg(long, value_name = "PERSON")]
        owner: Option<String>,
        #[command(flatten)]
        settings: Box<RecordGroupSettingsArguments>,
        #[command(flatten)]
        output: Output,
    },
    /// Change a record group; other days hold for what comes into it from then on
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["name", "owner", "no_owner", "description", "email", "expires", "fraction", "beep", "inbound", "outbound", "transcribe", "announcement"]))]
    Set {
        /// The record group
        id: i64,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Another owner (id or username)
        #[arg(long, value_name = "PERSON", conflicts_with = "no_owner")]
        owner: Option<String>,
        /// Take the owner away
        #[arg(long)]
        no_owner: bool,
        #[command(flatten)]
        settings: Box<RecordGroupSettingsArguments>,
    },
    /// List record groups
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Show a record group
    Show {
        /// The record group
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a record group that has no recordings
    Remove {
        /// The record group
        id: i64,
    },
}
