//! The installation that is measured, and what it speaks TLS with.

use std::ops::Deref;
use std::path::Path;

use callvault_trial::installation::{Installation as Trial, Size};

use crate::plan::{LONG, SIZES};
use crate::tls::Certificate;

/// One with a recording of each size, with messages of those that may be one.
pub(crate) struct Installation {
    trial: Trial,
    certificate: Certificate,
}

impl Installation {
    /// Makes one in a temporary folder.
    ///
    /// # Errors
    /// When a command of callvault fails or a file cannot be written.
    pub(crate) fn create(binary: &Path) -> anyhow::Result<Installation> {
        Self::with_certificate(Trial::create(binary, &sizes())?)
    }

    /// One in a folder that stays ([`Trial::keep`]).
    ///
    /// # Errors
    /// As [`Installation::create`].
    pub(crate) fn keep(binary: &Path, folder: &Path) -> anyhow::Result<Installation> {
        Self::with_certificate(Trial::keep(binary, folder, &sizes())?)
    }

    fn with_certificate(trial: Trial) -> anyhow::Result<Installation> {
        let certificate = Certificate::make(trial.folder())?;
        Ok(Installation { trial, certificate })
    }

    /// The name of the recording of a size.
    pub(crate) fn recording(size: Size) -> String {
        Trial::recording(size)
    }

    /// What TLS is spoken with.
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl Deref for Installation {
    type Target = Trial;

    fn deref(&self) -> &Trial {
        &self.trial
    }
}

fn sizes() -> Vec<Size> {
    SIZES.into_iter().chain([LONG]).collect()
}
