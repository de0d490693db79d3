//! Runs file work off the runtime's threads and gives its errors the shape of the port.

use std::io;

use callvault_core::audio::AudioKey;
use callvault_core::port::audio_store::AudioStoreError;

/// Work on one object.
pub(super) async fn blocking<T: Send + 'static>(
    key: AudioKey,
    operation: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, AudioStoreError> {
    off_runtime(work).await.map_err(|source| AudioStoreError::Failed { key, operation, source })
}

/// Work on the store itself.
pub(super) async fn unusable<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, AudioStoreError> {
    off_runtime(work).await.map_err(|source| AudioStoreError::Unusable { operation, source })
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    // A join error is a runtime that is shutting down.
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
