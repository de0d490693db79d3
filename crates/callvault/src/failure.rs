//! What the operator is told when something fails: what failed, on what, and what to do about it.

use std::error::Error;
use std::fmt;

use crate::client::ApiError;

/// An error that knows what to do about it.
#[derive(Debug)]
pub(crate) struct Hinted {
    message: String,
    hint: String,
}

impl fmt::Display for Hinted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for Hinted {}

/// An error with a hint.
pub(crate) fn hinted(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Hinted { message: message.into(), hint: hint.into() }.into()
}

/// The lines for standard error: `error: ...` and, where there is one, `hint: ...`.
pub(crate) fn lines(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error:#}");
    if let Some(hint) = hint(error) {
        text.push_str("\nhint: ");
        text.push_str(&hint);
    }
    text
}

fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(hinted) = cause.downcast_ref::<Hinted>() {
            return Some(hinted.hint.clone());
        }
        cause.downcast_ref::<ApiError>().and_then(ApiError::hint)
    })
}

/// Whether the error is that whoever read our output went away.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|failure| failure.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_hint_comes_last_however_deep_it_was() {
        let error = Err::<(), _>(hinted("there is no installation", "run `callvault init`"))
            .context("cannot open /data")
            .unwrap_err();
        assert_eq!(
            lines(&error),
            "error: cannot open /data: there is no installation\nhint: run `callvault init`"
        );
        assert_eq!(lines(&anyhow::anyhow!("plain")), "error: plain");
    }
}
