//! Names to addresses, by the system's resolver.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use tokio::sync::Semaphore;

/// How many names are looked up at once. The system's resolver holds a thread for as long as it likes, so a name server
/// that says nothing must not get all of them.
const LOOKUPS: usize = 128;

/// How many addresses of a name are looked at.
const MOST_ADDRESSES: usize = 8;

/// Asks the system.
#[derive(Debug)]
pub(super) struct Resolver {
    lookups: Arc<Semaphore>,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }

    /// The addresses of a name, in the resolver's order. The caller sets the time; a lookup that is not waited for any more
    /// keeps its place until the system gives up.
    pub(super) async fn addresses(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let permit = self.lookups.clone().acquire_owned().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        let lookup = move || {
            let _permit = permit;
            let found = (name.as_str(), port).to_socket_addrs()?;
            Ok(found.take(MOST_ADDRESSES).collect())
        };
        tokio::task::spawn_blocking(lookup).await.map_err(io::Error::other)?
    }
}
