//! Arguments about hunt groups, messages, sounds and recordings.

use std::path::PathBuf;

use callvault_core::time::Timestamp;
use clap::{Args, Subcommand};

use super::{LevelSettingsArguments, Output, RecordGroupOrNone, SettingsArguments};

/// `callvault huntgroup ...`
#[derive(Debug, Subcommand)]
pub(crate) enum HuntGroupCommand {
    /// Add a hunt group; prints its id
    #[command(
        after_help = "Example:\n  callvault huntgroup add --customer 1 --name Sales --id 123 --owner anna"
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
        /// The person whose it is (id or username); without one, all users of the customer may fetch its messages
        #[arg(long, value_name = "PERSON")]
        owner: Option<String>,
        #[command(flatten)]
        settings: Box<SettingsArguments>,
        #[command(flatten)]
        output: Output,
    },
    /// Change a hunt group
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["name", "owner", "no_owner", "description", "order", "ring_seconds", "music_ringing", "allow_forwards", "screen", "record_group", "panel", "default_exit", "unavailable_exit", "busy_exit"]))]
    Set {
        /// The hunt group
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
        settings: Box<SettingsArguments>,
    },
    /// Show what a level does with calls, or change it
    #[command(
        after_help = "Example:\n  callvault huntgroup level --huntgroup 123 --level 1 --ring-seconds 20 --play-message yes"
    )]
    Level(LevelSettingsArguments),
    /// List hunt groups
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Show a hunt group with the current messages of its levels
    Show {
        /// The hunt group
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a hunt group with all its messages and destinations
    Remove {
        /// The hunt group
        id: i64,
    },
}

/// One level of one hunt group.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LevelArguments {
    /// The hunt group
    #[arg(long, value_name = "ID")]
    pub(crate) huntgroup: i64,
    /// The level, 1 to 10
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=10))]
    pub(crate) level: u8,
}

/// `callvault message ...`
#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Put a file (or a sound) as the message of a level; the former message stays as a version
    #[command(after_help = "Example:\n  callvault message put --huntgroup 123 --level 1 welcome.wav")]
    Put {
        #[command(flatten)]
        level: LevelArguments,
        /// The file
        #[arg(required_unless_present = "sound", conflicts_with = "sound")]
        file: Option<PathBuf>,
        /// The name to keep it under [default: the name of the file]
        #[arg(long, conflicts_with = "sound")]
        name: Option<String>,
        /// Take the audio of this sound
        #[arg(long, value_name = "ID")]
        sound: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Fetch the message of a level
    Get {
        #[command(flatten)]
        level: LevelArguments,
        /// Where to [default: standard output]; - is standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Take the message of a level out of use; its versions stay
    Remove {
        #[command(flatten)]
        level: LevelArguments,
    },
    /// List the versions of messages, newest first
    Versions {
        /// The hunt group
        #[arg(long, value_name = "ID")]
        huntgroup: i64,
        /// Of one level only
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=10))]
        level: Option<u8>,
        #[command(flatten)]
        output: Output,
    },
    /// Make an older version the message again
    Restore {
        #[command(flatten)]
        level: LevelArguments,
        /// The version, as `callvault message versions` lists it
        version: i64,
    },
    /// Put DIR/HUNTGROUP/LEVEL.wav wherever it differs from the present message; removes nothing
    #[command(
        after_help = "Example:\n  callvault message sync /srv/prompts      with /srv/prompts/123/1.wav and so on"
    )]
    Sync {
        /// The folder
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

/// `callvault sound ...`
#[derive(Debug, Subcommand)]
pub(crate) enum SoundCommand {
    /// Add a sound; prints its id
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
        /// A description
        #[arg(long)]
        description: Option<String>,
        /// Let all customers hear and use it
        #[arg(long)]
        shared: bool,
        /// The audio; without it the sound has no file yet
        file: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Change a sound, but for its file
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["name", "description", "shared"]))]
    Set {
        /// The sound
        id: i64,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Another description
        #[arg(long)]
        description: Option<String>,
        /// Whether all customers may hear and use it
        #[arg(long, value_name = "WORD", value_parser = ["yes", "no"])]
        shared: Option<String>,
    },
    /// Give a sound a file in place of the one that it has; messages that were taken from it stay
    #[command(after_help = "Example:\n  callvault sound put 7 closed.wav")]
    Put {
        /// The sound
        id: i64,
        /// The file
        file: PathBuf,
        /// The name to keep it under [default: the name of the file]
        #[arg(long)]
        name: Option<String>,
    },
    /// List sounds
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Show one sound
    Show {
        /// The sound
        id: i64,
        #[command(flatten)]
        output: Output,
    },
    /// Fetch a sound
    Get {
        /// The sound
        id: i64,
        /// Where to [default: standard output]; - is standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Remove a sound; messages and prompts that were taken from it stay
    Remove {
        /// The sound
        id: i64,
        /// Take its file away alone, and leave the sound
        #[arg(long)]
        file_only: bool,
    },
}

/// One recording.
#[derive(Debug, Clone, Args)]
pub(crate) struct OneRecording {
    /// Its name
    pub(crate) name: String,
    /// Its customer; needed where several customers have a recording of this name
    #[arg(long, value_name = "ID")]
    pub(crate) customer: Option<i64>,
}

/// When something expires, or never.
#[derive(Debug, Clone)]
pub(crate) struct Expiry(pub(crate) Option<String>);

fn expiry(text: &str) -> Result<Expiry, String> {
    match text {
        "never" => Ok(Expiry(None)),
        time => match Timestamp::parse(time) {
            Some(_) => Ok(Expiry(Some(time.to_owned()))),
            None => Err("must be a time such as 2026-11-22T03:51:55Z, or never".to_owned()),
        },
    }
}

/// `callvault recording import ...`
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Where they belong
    #[arg(long, value_name = "ID")]
    pub(crate) customer: i64,
    /// Files, and folders to go through
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The record group to store them in; one that is there already stays where it is
    #[arg(long, value_name = "ID")]
    pub(crate) record_group: Option<i64>,
    /// Remove each file after its stored copy was read back from the disk and found the same
    #[arg(long)]
    pub(crate) remove_source: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `callvault recording ...`
#[derive(Debug, Subcommand)]
pub(crate) enum RecordingCommand {
    /// Take in files; each is stored under its own name, and one that is there already is passed over
    #[command(
        after_help = "One line for each file: stored, already there, or refused with the reason. Exit code 1 when one was refused.\n\n\
        Example:\n  callvault recording import --customer 1 /var/spool/asterisk/monitor --remove-source"
    )]
    Import(ImportArguments),
    /// List recordings
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Show what is known about a recording
    Show {
        #[command(flatten)]
        recording: OneRecording,
        #[command(flatten)]
        output: Output,
    },
    /// Fetch a recording
    Get {
        #[command(flatten)]
        recording: OneRecording,
        /// Where to [default: standard output]; - is standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Change in which record group a recording is, and how long it is kept
    #[command(
        group = clap::ArgGroup::new("change").required(true).multiple(true).args(["record_group", "expires"]),
        after_help = "Example:\n  callvault recording set 20240305101530-1709633725.42-2001-2002-Internal.wav --expires 2030-01-01T00:00:00Z"
    )]
    Set {
        #[command(flatten)]
        recording: OneRecording,
        /// The one record group that it is in from now on, or none
        #[arg(long, value_name = "ID|none", value_parser = super::record_group)]
        record_group: Option<RecordGroupOrNone>,
        /// When it expires wherever it is kept, in RFC 3339, or never
        #[arg(long, value_name = "TIME|never", value_parser = expiry)]
        expires: Option<Expiry>,
        #[command(flatten)]
        output: Output,
    },
    /// Put a recording into another record group besides; its audio is stored once
    Copy {
        #[command(flatten)]
        recording: OneRecording,
        /// The record group
        #[arg(long, value_name = "ID")]
        record_group: i64,
    },
    /// Read stored recordings from the disk and compare them with their hashes; exit code 1 when one is not intact
    Verify {
        /// Their names; all when there is none
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a recording
    Remove {
        #[command(flatten)]
        recording: OneRecording,
    },
}
