//! A bell that use cases ring when they left work in the catalog.

use callvault_core::port::wake::Wake;
use tokio::sync::Notify;

/// Rings for one listener. What rings while nobody listens is heard by the next one.
#[derive(Debug, Default)]
pub struct Bell(Notify);

impl Bell {
    /// Returns after the next ring, or at once when it rang since the last call.
    pub async fn heard(&self) {
        self.0.notified().await;
    }
}

impl Wake for Bell {
    fn wake(&self) {
        self.0.notify_one();
    }
}
