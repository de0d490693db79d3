//! Arguments about call records.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Output;

/// What a file of call records looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallFormat {
    /// The file of 14 columns that a Yeastar S-Series gives out
    Yeastar,
    /// Asterisk's Master.csv (cdr_csv), with loguniqueid=yes
    Asterisk,
    /// Any CSV with a header, with --map
    Mapped,
}

/// `callvault call import ...`
#[derive(Debug, Args)]
pub(crate) struct CallImportArguments {
    /// Where they belong
    #[arg(long, value_name = "ID")]
    pub(crate) customer: i64,
    /// The file
    pub(crate) file: PathBuf,
    /// What the file looks like [default: mapped with --map, else yeastar]
    #[arg(long, value_enum)]
    pub(crate) format: Option<CallFormat>,
    /// The column of a field, such as from=src; may be repeated
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = pair)]
    pub(crate) map: Vec<(String, String)>,
    /// The time zone of the times in the file [default: the customer's]
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// The most digits of an extension: tells the kind of a call where the file does not
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub(crate) extension_digits: u8,
    /// Tell no application server of these calls, as for those of years ago
    #[arg(long)]
    pub(crate) no_reports: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, column)) if !field.is_empty() && !column.is_empty() => {
            Ok((field.to_owned(), column.to_owned()))
        }
        _ => Err("must be FIELD=COLUMN, such as from=src".to_owned()),
    }
}

/// `callvault call ...`
#[derive(Debug, Subcommand)]
pub(crate) enum CallCommand {
    /// Take call records in from a CSV file; those that are there already are passed over
    #[command(
        after_help = "A line that cannot be read is refused with its number, and the others are taken; exit code 1 when one was refused.\n\n\
        Fields for --map: call_id, started_at, from, to (these four are needed), call_seconds, talk_seconds, status, kind,\n\
        recording, source_trunk, destination_trunk, pin_code, did_number, agent_ring_seconds, from_name, to_name.\n\n\
        Examples:\n  callvault call import --customer 1 cdr.csv\n  \
        callvault call import --customer 1 --format asterisk /var/log/asterisk/cdr-csv/Master.csv\n  \
        callvault call import --customer 1 --map call_id=uniqueid --map started_at=calldate --map from=src --map to=dst calls.csv"
    )]
    Import(CallImportArguments),
    /// List call records, by their beginning
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        /// Begun then or later, such as 2026-11-22T00:00:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Begun then or earlier
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// With this caller or callee; may be repeated
        #[arg(long)]
        number: Vec<String>,
        /// With this recording
        #[arg(long, value_name = "NAME")]
        recording: Option<String>,
        #[command(flatten)]
        output: Output,
    },
}
