//! Arguments about one-time codes.

use clap::Subcommand;

use super::Output;

/// `callvault person totp ...`
#[derive(Debug, Subcommand)]
pub(crate) enum TotpCommand {
    /// Make a secret for an authenticator app; prints it once. It counts for nothing until `confirm`
    Begin {
        /// Their id or username
        person: String,
        #[command(flatten)]
        output: Output,
    },
    /// Turn codes on with the first one; ends the person's sessions, and closes the doors that ask for no code to them
    Confirm {
        /// Their id or username
        person: String,
        /// The code that the app shows
        #[arg(long)]
        code: String,
    },
    /// Show whether codes are on
    Show {
        /// Their id or username
        person: String,
        #[command(flatten)]
        output: Output,
    },
    /// Turn codes off: the password alone is enough again
    Off {
        /// Their id or username
        person: String,
    },
}
