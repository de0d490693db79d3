//! Handing out audio: open it, then say which bytes leave, which writes the listen log.

use std::sync::Arc;

use sha1::Digest as _;

use crate::audio::{Sha1, StoredAudio};
use crate::error::{Error, Result};
use crate::gate::Principal;
use crate::listen::Action;
use crate::port::audio_store::{AudioReader, AudioStore, AudioStoreError, ReadFrom};
use crate::service::Ports;
use crate::service::listening::{Listening, Subject};

/// Opens stored audio.
pub struct Playback {
    audio: Arc<dyn AudioStore>,
    listening: Arc<Listening>,
}

/// Audio that may be handed out, once the log has it: [`Playable::release`].
pub struct Playable {
    /// What the bytes are.
    pub audio: StoredAudio,
    /// The file name for the client.
    pub file_name: String,
    reader: Arc<dyn AudioReader>,
    subject: Subject,
    principal: Principal,
    ticket: Option<String>,
    listening: Arc<Listening>,
}

/// Which bytes leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// All of them.
    Whole,
    /// From the first to the last named, inclusive; of several ranges the outermost.
    Part {
        /// First byte.
        first: u64,
        /// Last byte.
        last: u64,
    },
}

impl Playback {
    pub(crate) fn new(ports: &Ports, listening: Arc<Listening>) -> Self {
        Self { audio: ports.audio.clone(), listening }
    }

    /// Opens audio for a principal whose right to it was decided.
    ///
    /// # Errors
    /// [`Error::Unreadable`], also when the object has another size than the catalog says.
    pub(crate) async fn open(
        &self,
        principal: &Principal,
        subject: Subject,
        audio: StoredAudio,
        file_name: String,
        ticket: Option<String>,
    ) -> Result<Playable> {
        let reader = self.probe(&audio).await?;
        Ok(self.playable(principal, subject, audio, file_name, ticket, reader))
    }

    /// Finds something and opens its audio. Between the two it may be replaced, and the old object be gone: then it is found
    /// again, so that only audio that is missing where the catalog still names it counts as lost.
    ///
    /// # Errors
    /// Those of `find`, [`Error::Unreadable`].
    pub(crate) async fn open_current<T, F>(
        &self,
        find: impl Fn() -> F,
        audio: impl Fn(&T) -> &StoredAudio,
    ) -> Result<(T, Arc<dyn AudioReader>)>
    where
        F: Future<Output = Result<T>>,
    {
        let mut missing = None;
        loop {
            let found = find().await?;
            match self.probe(audio(&found)).await {
                Ok(reader) => return Ok((found, reader)),
                Err(Error::Unreadable(AudioStoreError::Missing { key })) if missing != Some(key) => {
                    missing = Some(key);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Opened audio for a principal whose right to it was decided.
    pub(crate) fn playable(
        &self,
        principal: &Principal,
        subject: Subject,
        audio: StoredAudio,
        file_name: String,
        ticket: Option<String>,
        reader: Arc<dyn AudioReader>,
    ) -> Playable {
        let (principal, listening) = (principal.clone(), self.listening.clone());
        Playable { audio, file_name, reader, subject, principal, ticket, listening }
    }

    /// Whether audio can be handed out now: its object is there with its size.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub(crate) async fn probe(&self, audio: &StoredAudio) -> Result<Arc<dyn AudioReader>> {
        let reader = self.audio.open(audio.key, ReadFrom::Anywhere).await.map_err(Error::Unreadable)?;
        if reader.size_bytes() == audio.size_bytes {
            return Ok(reader);
        }
        let (found, expected) = (reader.size_bytes(), audio.size_bytes);
        let source =
            std::io::Error::other(format!("the object has {found} bytes, the catalog says {expected}"));
        Err(Error::Unreadable(AudioStoreError::Failed { key: audio.key, operation: "opening", source }))
    }

    /// Writes the listen log for something other than handing out.
    ///
    /// # Errors
    /// [`Error::Unlogged`].
    pub(crate) async fn note(
        &self,
        principal: &Principal,
        action: Action,
        subject: &Subject,
        audio: &StoredAudio,
    ) -> Result<()> {
        self.listening.record(principal, action, subject, Some(audio), None, None).await
    }
}

/// How much is read at once when a hash is counted.
const HASH_BYTES: usize = 1 << 18;

async fn counted_sha1(reader: &dyn AudioReader) -> std::result::Result<Sha1, AudioStoreError> {
    let mut hasher = sha1::Sha1::new();
    let mut offset = 0;
    while offset < reader.size_bytes() {
        let piece = reader.read_at(offset, HASH_BYTES).await?;
        if piece.is_empty() {
            break;
        }
        offset += piece.len() as u64;
        hasher.update(&piece);
    }
    Ok(Sha1(hasher.finalize().into()))
}

impl Playable {
    /// The SHA-1 of the bytes, counted by reading all of them: few ask for it, and everything that is taken in would pay for it.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub async fn sha1(&self) -> Result<Sha1> {
        counted_sha1(self.reader.as_ref()).await.map_err(Error::Unreadable)
    }

    /// Writes the listen log and answers the reader. Only after this may a byte leave.
    ///
    /// # Errors
    /// [`Error::Unlogged`].
    pub async fn release(&self, released: Released) -> Result<Arc<dyn AudioReader>> {
        let (action, bytes) = match released {
            Released::Whole if self.audio.size_bytes == 0 => (Action::Download, None),
            Released::Whole => (Action::Download, Some((0, self.audio.size_bytes - 1))),
            Released::Part { first, last } => (Action::Play, Some((first, last))),
        };
        let ticket = self.ticket.clone();
        let audio = Some(&self.audio);
        self.listening.record(&self.principal, action, &self.subject, audio, bytes, ticket).await?;
        Ok(self.reader.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use async_trait::async_trait;
    use bytes::Bytes;

    use std::ops::Range;

    use super::*;
    use crate::port::audio_store::SendableFile;

    #[derive(Debug)]
    struct InMemory(Bytes);

    #[async_trait]
    impl AudioReader for InMemory {
        fn size_bytes(&self) -> u64 {
            self.0.len() as u64
        }

        async fn read_at(&self, offset: u64, length: usize) -> std::result::Result<Bytes, AudioStoreError> {
            let start = usize::try_from(offset).unwrap();
            Ok(self.0.slice(start..self.0.len().min(start + length)))
        }

        async fn read_over(
            &self,
            offset: u64,
            buffer: Vec<u8>,
        ) -> std::result::Result<Vec<u8>, AudioStoreError> {
            self.read_at(offset, buffer.len()).await.map(Vec::from)
        }

        async fn file(
            &self,
            _stretch: Range<u64>,
        ) -> std::result::Result<Option<SendableFile>, AudioStoreError> {
            Ok(None)
        }
    }

    #[test]
    fn a_sha1_is_counted_over_all_pieces() {
        let check = |bytes: Vec<u8>, expected: &str| {
            let reader = InMemory(bytes.into());
            let mut counting = pin!(counted_sha1(&reader));
            match counting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(counted) => assert_eq!(counted.unwrap().to_string(), expected),
                Poll::Pending => panic!("nothing here waits"),
            }
        };
        // The examples of FIPS 180.
        check(Vec::new(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        check(b"abc".to_vec(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        check(vec![b'a'; 1_000_000], "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    }
}
