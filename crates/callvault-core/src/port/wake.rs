//! The port to whatever works in the background on what a use case left in the catalog.

/// Is told that there may be work. Work is found in the catalog, so a wake-up that gets lost costs time and nothing else.
pub trait Wake: Send + Sync {
    /// Returns at once.
    fn wake(&self);
}
