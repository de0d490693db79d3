//! Arguments about features and their prompts.

use std::path::PathBuf;

use callvault_core::feature::{FeatureKey, FeatureKind};
use callvault_core::id::FeatureId;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::Output;

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(FeatureKind::ALL.map(FeatureKind::as_str))
}

/// A feature as it is typed: its kind and its id, such as `queue/7`.
fn feature(text: &str) -> Result<FeatureKey, String> {
    let (kind, id) = text.split_once('/').ok_or("must be a kind and an id, such as queue/7")?;
    let words = || FeatureKind::ALL.map(FeatureKind::as_str).join(", ");
    let kind = FeatureKind::parse(kind).ok_or_else(|| format!("the kind must be one of {}", words()))?;
    let id = id.parse().map_err(|_| "the id must be a whole number")?;
    Ok(FeatureKey { kind, id: FeatureId(id) })
}

/// `callvault feature ...`
#[derive(Debug, Subcommand)]
pub(crate) enum FeatureCommand {
    /// Add a feature; prints its kind and id, as the other commands take them
    #[command(
        after_help = "Examples:\n  callvault feature add --customer 1 --kind queue --name Support --id 7\n  \
        callvault feature add --customer 1 --kind mailbox --name Anna --number 100 --owner anna"
    )]
    Add {
        /// Where it belongs
        #[arg(long, value_name = "ID")]
        customer: i64,
        /// What it is
        #[arg(long, value_name = "KIND", value_parser = kinds())]
        kind: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// What a code, a number or a mailbox is dialled or called by; unique among those of its customer
        #[arg(long)]
        number: Option<String>,
        /// An id of your own; the next free one of the kind otherwise
        #[arg(long)]
        id: Option<i64>,
        /// The person whose it is (id or username); without one, all users of the customer may fetch its prompts
        #[arg(long, value_name = "PERSON")]
        owner: Option<String>,
        /// A music class of the phone system itself, which has no prompts
        #[arg(long)]
        system: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Change a feature
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["name", "number", "owner", "no_owner"]))]
    Set {
        /// The feature, such as queue/7
        #[arg(value_parser = feature)]
        feature: FeatureKey,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Another number
        #[arg(long)]
        number: Option<String>,
        /// Another owner (id or username)
        #[arg(long, value_name = "PERSON", conflicts_with = "no_owner")]
        owner: Option<String>,
        /// Take the owner away
        #[arg(long)]
        no_owner: bool,
    },
    /// List features
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        /// Of one kind only
        #[arg(long, value_name = "KIND", value_parser = kinds())]
        kind: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Show a feature with its prompts
    Show {
        /// The feature, such as queue/7
        #[arg(value_parser = feature)]
        feature: FeatureKey,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a feature with all its prompts
    Remove {
        /// The feature, such as queue/7
        #[arg(value_parser = feature)]
        feature: FeatureKey,
    },
}

/// One file of one feature.
#[derive(Debug, Clone, Args)]
pub(crate) struct PromptArguments {
    /// The feature, such as queue/7
    #[arg(long, value_name = "KIND/ID", value_parser = feature)]
    pub(crate) feature: FeatureKey,
    /// Which of its files; needed where features of the kind have several
    #[arg(long = "file", value_name = "WORD")]
    pub(crate) word: Option<String>,
}

/// `callvault prompt ...`
#[derive(Debug, Subcommand)]
pub(crate) enum PromptCommand {
    /// Put a file (or a sound) as a prompt; the former one is gone
    #[command(after_help = "Examples:\n  callvault prompt put --feature queue/7 welcome.wav\n  \
        callvault prompt put --feature mailbox/3 --file busy busy.wav")]
    Put {
        #[command(flatten)]
        prompt: PromptArguments,
        /// The audio
        #[arg(value_name = "FILE", required_unless_present = "sound", conflicts_with = "sound")]
        path: Option<PathBuf>,
        /// The name to keep it under [default: the name of the file]
        #[arg(long, conflicts_with = "sound")]
        name: Option<String>,
        /// Take the audio of this sound
        #[arg(long, value_name = "ID")]
        sound: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Fetch a prompt
    Get {
        #[command(flatten)]
        prompt: PromptArguments,
        /// Where to [default: standard output]; - is standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// List the prompts of a feature
    List {
        /// The feature, such as queue/7
        #[arg(long, value_name = "KIND/ID", value_parser = feature)]
        feature: FeatureKey,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a prompt
    Remove {
        #[command(flatten)]
        prompt: PromptArguments,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_a_kind_and_an_id() {
        let check = |text: &str, shown: Option<&str>| {
            assert_eq!(feature(text).ok().map(|key| key.to_string()).as_deref(), shown, "{text}");
        };
        check("queue/7", Some("queue/7"));
        check("cardgroup/12", Some("cardgroup/12"));
        check("queue", None);
        check("queue/", None);
        check("queue/x", None);
        check("huntgroup/7", None);
        check("/7", None);
    }
}
