//! The command line as it is parsed. What it means together with file and environment is decided in `config`.

mod audio;
mod calls;
mod features;
mod hunt_groups;
mod keys;
mod people;
mod record_groups;
mod running;
mod totp;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::audio::{
    HuntGroupCommand, ImportArguments, LevelArguments, MessageCommand, OneRecording, RecordingCommand,
    SoundCommand,
};
pub(crate) use self::calls::{CallCommand, CallFormat, CallImportArguments};
pub(crate) use self::features::{FeatureCommand, PromptArguments, PromptCommand};
use self::hunt_groups::record_group;
pub(crate) use self::hunt_groups::{
    DestinationCommand, LevelSettingsArguments, RecordGroupOrNone, SettingsArguments,
};
pub(crate) use self::keys::{KeyCommand, KeyExpiry};
pub(crate) use self::people::{
    CustomerCommand, DeviceArguments, PersonCommand, PlanArguments, ProfileArguments, RoleCommand,
};
pub(crate) use self::record_groups::{RecordGroupCommand, RecordGroupSettingsArguments};
pub(crate) use self::running::{
    ConfigCommand, DemoArguments, LockoutCommand, LogCommand, ServeArguments, SessionCommand, TargetCommand,
    TicketCommand,
};
pub(crate) use self::totp::TotpCommand;
use crate::config::Invocation;

const EXAMPLES: &str = "\
Examples:
  callvault demo                          try it: a server with sample data, and commands to paste
  callvault init --data /var/lib/callvault
  callvault serve --data /var/lib/callvault --listen 0.0.0.0:8088
  callvault recording import --customer 1 /var/spool/asterisk/monitor

While a server runs, the other commands work through it and take effect at once; without one they work on the data folder
themselves. Exit codes: 0 done, 1 failed, 2 wrong usage.";

/// Keeps the audio of phone systems (call recordings and hunt-group messages), and serves it over the Yeastar S-Series and
/// Enswitch APIs.
#[derive(Debug, Parser)]
#[command(name = "callvault", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The folder of the installation [default: $CALLVAULT_DATA, else ./callvault-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A file with settings (TOML) [default: $CALLVAULT_CONFIG, else none]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One setting, such as limits.largest_message=20MiB; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Output {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a server with sample customers, hunt groups and recordings; prints commands to paste
    Demo(DemoArguments),
    /// Run the server
    Serve(ServeArguments),
    /// Make an empty installation; prints the first administrator's password once
    Init(Output),
    #[command(flatten)]
    OnInstallation(OnInstallation),
    /// The settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI description of the API at /api/v1 (JSON)
    #[command(after_help = "Example:\n  callvault openapi > callvault.json")]
    Openapi,
}

/// The commands that work on an installation through the API.
#[derive(Debug, Subcommand)]
pub(crate) enum OnInstallation {
    /// Customers, to whom everything else belongs
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// People who may log in
    #[command(subcommand)]
    Person(PersonCommand),
    /// Roles: named sets of privileges
    #[command(subcommand)]
    Role(RoleCommand),
    /// Hunt groups
    #[command(subcommand)]
    Huntgroup(HuntGroupCommand),
    /// Destinations: whom the levels of hunt groups call
    #[command(subcommand)]
    Destination(DestinationCommand),
    /// The messages that the levels of hunt groups play
    #[command(subcommand)]
    Message(MessageCommand),
    /// Library sounds, which messages and prompts can be taken from
    #[command(subcommand)]
    Sound(SoundCommand),
    /// Features: what else has files, such as queues, mailboxes and numbers
    #[command(subcommand)]
    Feature(FeatureCommand),
    /// Prompts: the files of features
    #[command(subcommand)]
    Prompt(PromptCommand),
    /// Call recordings
    #[command(subcommand)]
    Recording(RecordingCommand),
    /// Record groups, which hold recordings for so many days
    #[command(subcommand)]
    Recordgroup(RecordGroupCommand),
    /// Call records
    #[command(subcommand)]
    Call(CallCommand),
    /// Tickets: the right to fetch one recording once
    #[command(subcommand)]
    Ticket(TicketCommand),
    /// Logins that live now
    #[command(subcommand)]
    Session(SessionCommand),
    /// Keys: how programs come to our own API
    #[command(subcommand)]
    Key(KeyCommand),
    /// Addresses that are locked out after failed logins
    #[command(subcommand)]
    Lockout(LockoutCommand),
    /// Targets: where application servers want to be told of calls
    #[command(subcommand)]
    Target(TargetCommand),
    /// The listen log: who played, fetched, shared or deleted what
    #[command(subcommand)]
    Log(LogCommand),
    /// Hold the catalog against the stored audio; exit code 1 when something is wrong
    #[command(
        after_help = "Example:\n  callvault check && echo fine\n\nReading every byte is the work of `callvault recording verify`."
    )]
    Check(Output),
}

impl Arguments {
    /// What the command line says about settings.
    pub(crate) fn invocation(&self) -> Invocation {
        let mut invocation = Invocation {
            config_file: self.global.config.clone(),
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
            assignments: self.global.set.clone(),
            ..Invocation::default()
        };
        let path = |path: &PathBuf| path.display().to_string();
        invocation.flag("--data", "data", self.global.data.iter().map(path).collect());
        match &self.command {
            Command::Serve(serve) => {
                invocation.flag("--listen", "listen", serve.listen.clone());
                invocation.flag("--plain-listen", "plain_listen", serve.plain_listen.clone());
                invocation.flag("--tls-listen", "tls_listen", serve.tls_listen.clone());
                invocation.flag("--ready-file", "ready_file", serve.ready_file.iter().map(path).collect());
            }
            Command::Demo(demo) => {
                invocation.flag("--listen", "listen", demo.listen.iter().cloned().collect());
                invocation.flag("--ready-file", "ready_file", demo.ready_file.iter().map(path).collect());
            }
            _ => {}
        }
        invocation
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_told_apart() {
        let check = |line: &str, kind: ErrorKind| {
            let words = std::iter::once("callvault").chain(line.split_whitespace());
            assert_eq!(Arguments::try_parse_from(words).unwrap_err().kind(), kind, "{line}");
        };
        check("nonsense", ErrorKind::InvalidSubcommand);
        check("recording", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
        check("recording import --customer 1", ErrorKind::MissingRequiredArgument);
        check("recording import x.wav", ErrorKind::MissingRequiredArgument);
        check("recording import --customer one x.wav", ErrorKind::ValueValidation);
        check("call import --customer 1", ErrorKind::MissingRequiredArgument);
        check("call import --customer 1 --map from x.csv", ErrorKind::ValueValidation);
        check("call import --customer 1 --format xml x.csv", ErrorKind::InvalidValue);
        check("customer add", ErrorKind::MissingRequiredArgument);
        check("customer set 1", ErrorKind::MissingRequiredArgument);
        check("customer remove", ErrorKind::MissingRequiredArgument);
        check("person set anna", ErrorKind::MissingRequiredArgument);
        check("person set anna --time-format 13", ErrorKind::InvalidValue);
        check(
            "person add --customer 1 --username x --role user --copy-password a --password-stdin",
            ErrorKind::ArgumentConflict,
        );
        check("huntgroup set 1 --owner a --no-owner", ErrorKind::ArgumentConflict);
        check("huntgroup set 1", ErrorKind::MissingRequiredArgument);
        check("huntgroup set 1 --ring-seconds 3601", ErrorKind::ValueValidation);
        check("huntgroup level --huntgroup 1 --level 1 --ring-seconds -2", ErrorKind::UnknownArgument);
        check("huntgroup level --huntgroup 1 --level 1 --ring-seconds own", ErrorKind::ValueValidation);
        check("destination add --huntgroup 1 --level 1 --type phone", ErrorKind::MissingRequiredArgument);
        check("destination add --huntgroup 1 --level 1 --type hangup --number 1", ErrorKind::InvalidValue);
        check("customer set 1 --destinations few", ErrorKind::ValueValidation);
        check("message put --huntgroup 1 --level 11 x.wav", ErrorKind::ValueValidation);
        check("message put --huntgroup 1 --level 1", ErrorKind::MissingRequiredArgument);
        check("message put --huntgroup 1 --level 1 --sound 2 x.wav", ErrorKind::ArgumentConflict);
        check("feature add --customer 1 --name x", ErrorKind::MissingRequiredArgument);
        check("feature add --customer 1 --name x --kind huntgroup", ErrorKind::InvalidValue);
        check("feature set queue/7", ErrorKind::MissingRequiredArgument);
        check("feature show 7", ErrorKind::ValueValidation);
        check("prompt put --feature queue/7", ErrorKind::MissingRequiredArgument);
        check("prompt put --feature queue/7 --sound 2 x.wav", ErrorKind::ArgumentConflict);
        check("ticket create --customer 1 --recording x --ttl soon", ErrorKind::ValueValidation);
        check("ticket create --customer 1 --recording x --allow nowhere", ErrorKind::ValueValidation);
        check("recording set a.wav", ErrorKind::MissingRequiredArgument);
        check("recording set a.wav --expires tomorrow", ErrorKind::ValueValidation);
        check("recording copy a.wav", ErrorKind::MissingRequiredArgument);
        check("recordgroup add --name Sales", ErrorKind::MissingRequiredArgument);
        check("recordgroup set 1", ErrorKind::MissingRequiredArgument);
        check("recordgroup set 1 --expires 36501", ErrorKind::ValueValidation);
        check("recordgroup set 1 --owner a --no-owner", ErrorKind::ArgumentConflict);
        check("target test", ErrorKind::MissingRequiredArgument);
        check("target resend all", ErrorKind::ValueValidation);
        check("pull yeastar", ErrorKind::InvalidSubcommand);
        check("--help", ErrorKind::DisplayHelp);
    }

    #[test]
    fn global_options_may_stand_anywhere() {
        for line in ["callvault --data /d check --json", "callvault check --json --data /d"] {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(arguments.global.data, Some("/d".into()), "{line}");
        }
    }
}
