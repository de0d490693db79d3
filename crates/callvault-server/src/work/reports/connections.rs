//! The TCP clients that are logged in, by person and place.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callvault_core::id::PersonId;
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::outlet::SendError;

type Key = (PersonId, String);

/// All of them. A person has at most one at a place.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: Mutex<HashMap<Key, Connection>>,
    entered: AtomicU64,
}

#[derive(Debug, Clone)]
struct Connection {
    number: u64,
    writer: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
    close: CancellationToken,
}

/// A connection's place in the book, until it is dropped or another takes it.
#[derive(Debug)]
pub(super) struct Entered {
    book: Arc<Connections>,
    key: Key,
    number: u64,
    close: CancellationToken,
}

impl Entered {
    /// Ends when the connection must be closed.
    pub(super) async fn closed(&self) {
        self.close.cancelled().await;
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.book.locked();
        if open.get(&self.key).is_some_and(|connection| connection.number == self.number) {
            open.remove(&self.key);
        }
    }
}

impl Connections {
    /// Enters a connection. One that was at its place is to be closed.
    pub(super) fn enter(self: &Arc<Self>, person: PersonId, place: &str, writer: OwnedWriteHalf) -> Entered {
        let key = (person, place.to_owned());
        let number = self.entered.fetch_add(1, Ordering::Relaxed);
        let close = CancellationToken::new();
        let writer = Arc::new(tokio::sync::Mutex::new(writer));
        let connection = Connection { number, writer, close: close.clone() };
        if let Some(older) = self.locked().insert(key.clone(), connection) {
            older.close.cancel();
        }
        Entered { book: self.clone(), key, number, close }
    }

    /// Whether a client is there.
    pub(super) fn has(&self, person: PersonId, place: &str) -> bool {
        self.locked().contains_key(&(person, place.to_owned()))
    }

    /// Writes a line to a client. One that does not take it in time is to be closed, and so is one that may have got a part:
    /// what came after that would be no line.
    pub(super) async fn send(
        &self,
        person: PersonId,
        place: &str,
        line: &[u8],
        patience: Duration,
    ) -> Result<(), SendError> {
        let found = self.locked().get(&(person, place.to_owned())).cloned();
        let Connection { writer, close, .. } = found.ok_or(SendError::Absent)?;
        let writing = async {
            let mut writer = writer.lock().await;
            let half_written = close.clone().drop_guard();
            writer.write_all(line).await?;
            half_written.disarm();
            Ok::<_, std::io::Error>(())
        };
        match timeout(patience, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SendError::Unreached(format!("the connection broke: {error}"))),
            Err(_) => {
                close.cancel();
                Err(SendError::Unreached("the application server did not take the report in time".to_owned()))
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Key, Connection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const PLACE: &str = "tcp 192.168.5.20";
    const PATIENCE: Duration = Duration::from_secs(20);

    async fn pair() -> (OwnedWriteHalf, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (_, writer) = listener.accept().await.unwrap().0.into_split();
        (writer, client)
    }

    #[tokio::test]
    async fn a_place_has_one_connection_and_the_newer_counts() {
        let book = Arc::new(Connections::default());
        let (writer, mut older_client) = pair().await;
        let older = book.enter(PersonId(1), PLACE, writer);
        let (writer, newer_client) = pair().await;
        let newer = book.enter(PersonId(1), PLACE, writer);
        older.closed().await;
        drop(older);
        assert!(
            book.has(PersonId(1), PLACE),
            "an older connection does not take the newer one's place along"
        );
        book.send(PersonId(1), PLACE, b"one\r\n", PATIENCE).await.unwrap();
        let mut line = String::new();
        BufReader::new(newer_client).read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\r\n");
        let mut rest = Vec::new();
        older_client.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
        for (person, place) in [(2, PLACE), (1, "tcp 192.168.5.21")] {
            let sent = book.send(PersonId(person), place, b"one\r\n", PATIENCE).await;
            assert!(matches!(sent, Err(SendError::Absent)), "{person} {place}");
        }
        drop(newer);
        assert!(!book.has(PersonId(1), PLACE));
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_closed() {
        let book = Arc::new(Connections::default());
        let (writer, _client) = pair().await;
        let entered = book.enter(PersonId(1), PLACE, writer);
        let line = vec![b'x'; 64 << 20];
        let sent = book.send(PersonId(1), PLACE, &line, Duration::from_millis(50)).await;
        assert!(matches!(sent, Err(SendError::Unreached(_))), "{sent:?}");
        entered.closed().await;
    }
}
