//! Arguments about what hunt groups do with calls, and about destinations.

use clap::{Args, Subcommand};

use super::{LevelArguments, Output};

/// What a hunt group does with a call. Callvault keeps it for those who ask; it rings nobody.
#[derive(Debug, Clone, Args)]
pub(crate) struct SettingsArguments {
    /// A description; empty for none
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// In which order the levels are tried
    #[arg(long = "type", value_name = "WORD", value_parser = ["circular", "linear", "smart_circular", "smart_linear"])]
    pub(crate) order: Option<String>,
    /// How long each level rings unless it says otherwise
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(0..=3600))]
    pub(crate) ring_seconds: Option<u16>,
    /// Whether the caller hears music while it rings
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no"])]
    pub(crate) music_ringing: Option<String>,
    /// Whether destinations may forward the call onwards
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no"])]
    pub(crate) allow_forwards: Option<String>,
    /// How who answers is told of the call
    #[arg(long, value_name = "WORD", value_parser = ["none", "caller_id", "name"])]
    pub(crate) screen: Option<String>,
    /// The record group of its calls, or none
    #[arg(long, value_name = "ID|none", value_parser = record_group)]
    pub(crate) record_group: Option<RecordGroupOrNone>,
    /// Whether the control panel shows it
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no"])]
    pub(crate) panel: Option<String>,
    /// Where to go when no level answers, such as phone:100 or hangup
    #[arg(long, value_name = "TYPE[:NUMBER]")]
    pub(crate) default_exit: Option<String>,
    /// Where to go when no destination can be called
    #[arg(long, value_name = "TYPE[:NUMBER]")]
    pub(crate) unavailable_exit: Option<String>,
    /// Where to go when a destination was busy and none gave "no answer"
    #[arg(long, value_name = "TYPE[:NUMBER]")]
    pub(crate) busy_exit: Option<String>,
}

/// What one level does differently.
#[derive(Debug, Clone, Args)]
pub(crate) struct LevelSettingsArguments {
    #[command(flatten)]
    pub(crate) level: LevelArguments,
    /// How long it rings; inherit is as long as the hunt group says
    #[arg(long, value_name = "SECONDS|inherit", value_parser = seconds)]
    pub(crate) ring_seconds: Option<Own>,
    /// Whether the caller hears music while it rings; inherit is as the hunt group says
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no", "inherit"])]
    pub(crate) music_ringing: Option<String>,
    /// Whether the level's message is played
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no"])]
    pub(crate) play_message: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// A number of one's own, or that of the hunt group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own(pub(crate) Option<u16>);

fn seconds(text: &str) -> Result<Own, String> {
    match text {
        "inherit" => Ok(Own(None)),
        number => match number.parse() {
            Ok(seconds @ 0..=3600) => Ok(Own(Some(seconds))),
            _ => Err("must be a number from 0 to 3600, or inherit".to_owned()),
        },
    }
}

/// A record group, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordGroupOrNone(pub(crate) Option<i64>);

pub(super) fn record_group(text: &str) -> Result<RecordGroupOrNone, String> {
    match text {
        "none" => Ok(RecordGroupOrNone(None)),
        number => match number.parse() {
            Ok(id) => Ok(RecordGroupOrNone(Some(id))),
            Err(_) => Err("must be the id of a record group, or none".to_owned()),
        },
    }
}

/// `callvault destination ...`
#[derive(Debug, Subcommand)]
pub(crate) enum DestinationCommand {
    /// Add a destination to a level; prints its id
    #[command(
        after_help = "Example:\n  callvault destination add --huntgroup 123 --level 1 --type phone --number 100"
    )]
    Add {
        #[command(flatten)]
        level: LevelArguments,
        /// What it is
        #[arg(long = "type", value_name = "WORD", value_parser = ["forward", "peer", "phone", "sipuri"])]
        kind: String,
        /// Its number, line or URI
        #[arg(long)]
        number: String,
        /// A number of your own for it; the next free one otherwise
        #[arg(long)]
        id: Option<i64>,
        /// Digits added to the caller id
        #[arg(long, value_name = "DIGITS")]
        append_callerid: Option<String>,
        /// Have it skipped
        #[arg(long)]
        unavailable: bool,
        /// Have the caller id played to who answers
        #[arg(long)]
        screen: bool,
        /// A description
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// List the destinations of a hunt group
    List {
        /// The hunt group
        #[arg(long, value_name = "ID")]
        huntgroup: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a destination
    Remove {
        /// The destination
        id: i64,
    },
}
