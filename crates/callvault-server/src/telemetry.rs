//! What the server tells about itself: log lines and metrics.
//!
//! Logs go through `tracing`; [`install`] is the one place that sets the process-wide subscriber, and only
//! the binary calls it. Metrics are held by hand (crate `prometheus-client`, which has no global recorder),
//! so that two servers in one process, as in tests, count apart. Labels are of small, fixed sets.

use std::io::IsTerminal;

use thiserror::Error;
use tracing::Dispatch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

#[cfg(test)]
pub(crate) mod captured;
mod metrics;

pub use metrics::{ActiveDownload, Metrics, OpenConnection, ReportEvent, TicketEvent};

/// The shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One line of text per event, for people and the journal.
    #[default]
    Text,
    /// One JSON object per event, for collectors.
    Json,
}

/// How to log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// The shape of a line.
    pub format: LogFormat,
    /// Which events: a level (`info`) or directives of `tracing_subscriber::EnvFilter`
    /// (`info,callvault_server=debug`).
    pub filter: String,
}

/// Why logging could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("the log filter {filter:?} cannot be read")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Someone else set the subscriber of this process before.
    #[error("logging is set up already")]
    Installed(#[from] tracing::dispatcher::SetGlobalDefaultError),
}

/// Makes this process log to standard error.
///
/// # Errors
/// When the filter cannot be read, or a subscriber is installed already.
pub fn install(settings: &LogSettings) -> Result<(), TelemetryError> {
    let colour =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let dispatch = dispatch(settings, std::io::stderr, colour)?;
    Ok(tracing::dispatcher::set_global_default(dispatch)?)
}

/// A subscriber that logs to `writer`, for a thread, a task or a test.
///
/// # Errors
/// When the filter cannot be read.
pub fn dispatch<W>(settings: &LogSettings, writer: W, colour: bool) -> Result<Dispatch, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(&settings.filter)
        .map_err(|source| TelemetryError::Filter { filter: settings.filter.clone(), source })?;
    let registry = tracing_subscriber::registry().with(filter);
    Ok(match settings.format {
        LogFormat::Text => {
            registry.with(tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colour)).into()
        }
        LogFormat::Json => registry
            .with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer))
            .into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(format: LogFormat, filter: &str) -> String {
        let settings = LogSettings { format, filter: filter.to_owned() };
        let ((), text) = super::captured::captured(&settings, || {
            tracing::info!(call.id = 7, "a call came in");
            tracing::debug!("a detail");
        });
        text
    }

    #[test]
    fn text_is_one_line_with_its_fields() {
        let text = logged(LogFormat::Text, "info");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("INFO") && text.contains("a call came in call.id=7"), "{text}");
        assert_eq!(logged(LogFormat::Text, "debug").lines().count(), 2);
        assert_eq!(logged(LogFormat::Text, "warn"), "");
    }

    #[test]
    fn json_has_message_and_fields_side_by_side() {
        let text = logged(LogFormat::Json, "info");
        assert!(text.starts_with('{') && text.ends_with("}\n"), "{text}");
        assert!(text.contains(r#""message":"a call came in""#) && text.contains(r#""call.id":7"#), "{text}");
    }

    #[test]
    fn a_bad_filter_is_named() {
        let settings = LogSettings { format: LogFormat::Text, filter: "a=b=c".to_owned() };
        let error = dispatch(&settings, std::io::stderr, false).unwrap_err();
        assert_eq!(error.to_string(), "the log filter \"a=b=c\" cannot be read");
    }
}
