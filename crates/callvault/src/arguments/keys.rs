//! Arguments about API keys.

use callvault_core::time::Timestamp;
use clap::Subcommand;

use super::Output;
use crate::config::Span;

/// `callvault key ...`
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key; prints it once
    #[command(after_help = "Examples:\n  \
        callvault key add --customer 1 --scope recordings:read --scope calls:read --name \"CRM export\"\n  \
        callvault key add --customer 1 --below --scope 'sounds:*' --expires 30d\n\n\
        docs/api.md lists the scopes.")]
    Add {
        /// The customer whose things it opens
        #[arg(long, value_name = "ID")]
        customer: i64,
        /// What it may, such as recordings:read, or sounds:* for all of a kind; may be given several times
        #[arg(long, required = true, value_name = "SCOPE")]
        scope: Vec<String>,
        /// What it is for
        #[arg(long)]
        name: Option<String>,
        /// Open the things of the customers below as well
        #[arg(long)]
        below: bool,
        /// When it ends: after a span such as 90d, at a day (its first moment in UTC) or time such as 2027-01-31 or
        /// 2027-01-31T12:00:00Z, or never [default: after a year]
        #[arg(long, value_name = "WHEN", value_parser = expiry)]
        expires: Option<KeyExpiry>,
        #[command(flatten)]
        output: Output,
    },
    /// List keys; what was told once is not among it
    List {
        /// Of one customer only
        #[arg(long, value_name = "ID")]
        customer: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Revoke keys, at once
    Revoke {
        /// Their ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
}

/// When a key is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyExpiry {
    /// Never.
    Never,
    /// In so long.
    After(Span),
    /// At that moment.
    At(Timestamp),
}

fn expiry(text: &str) -> Result<KeyExpiry, String> {
    if text == "never" {
        return Ok(KeyExpiry::Never);
    }
    if let Some(moment) = Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z"))) {
        return Ok(KeyExpiry::At(moment));
    }
    text.parse()
        .map(KeyExpiry::After)
        .map_err(|_| format!("{text:?} is no span such as 90d, no day such as 2027-01-31, and not never"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_end_is_a_span_a_day_a_time_or_never() {
        let check = |text: &str, expected: Option<KeyExpiry>| {
            assert_eq!(expiry(text).ok(), expected, "{text}");
        };
        check("never", Some(KeyExpiry::Never));
        check("90d", Some(KeyExpiry::After(Span(Duration::from_secs(7_776_000)))));
        // The Unix time of 2027-01-31 as `date -u -d 2027-01-31 +%s` tells it.
        let day = 1_801_353_600_000;
        check("2027-01-31", Some(KeyExpiry::At(Timestamp::from_unix_ms(day))));
        check("2027-01-31T12:00:00Z", Some(KeyExpiry::At(Timestamp::from_unix_ms(day + 43_200_000))));
        for wrong in ["", "90", "2027-02-30", "tomorrow", "Never"] {
            check(wrong, None);
        }
    }
}
