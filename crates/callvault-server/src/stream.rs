//! Bodies that stream stored audio with bounded memory: one chunk at a time, exact lengths, and a read error that breaks
//! the connection rather than ending the body.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use bytes::Bytes;
use callvault_core::port::audio_store::{AudioReader, AudioStoreError};
use callvault_wire::enswitch::{base64, raw};
use futures_util::stream::try_unfold;

use crate::listen::transmit::{self, Transmitter};
use crate::telemetry::{ActiveDownload, Metrics};

/// The largest chunk: few calls for each file, as long as there are few downloads.
const MOST_CHUNK_BYTES: usize = 512 * 1024;

/// The largest chunk that is escaped: six times what is read is written, and must stay in the cache.
const MOST_ESCAPED_BYTES: usize = 64 * 1024;

/// The smallest chunk, however many downloads there are.
const LEAST_CHUNK_BYTES: usize = 16 * 1024;

/// The shortest stretch that the system sends by itself. A shorter one is copied: it goes with the head in one call.
const LEAST_TRANSMITTED_BYTES: u64 = 32 * 1024;

/// What the chunks of all downloads together should stay below: a stalled client holds its chunk.
const BUDGET_BYTES: usize = 16 << 20;

/// How many downloads share the budget.
#[derive(Debug, Default)]
pub(crate) struct ReadBudget {
    active: AtomicUsize,
}

impl ReadBudget {
    fn chunk_bytes(&self) -> usize {
        let active = self.active.load(Ordering::Relaxed).max(1);
        (BUDGET_BYTES / active).clamp(LEAST_CHUNK_BYTES, MOST_CHUNK_BYTES)
    }
}

/// How stored bytes are written into a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    Exact,
    /// Escaped for a JSON string, up to six bytes for one.
    Escaped,
    /// Base64.
    Base64,
}

/// One piece of a body.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// Bytes around the audio.
    Bytes(Bytes),
    /// Stored audio.
    Audio(Range<u64>, Form),
}

struct Player {
    reader: Arc<dyn AudioReader>,
    transmitter: Option<Transmitter>,
    pieces: VecDeque<Piece>,
    encoder: base64::Encoder,
    budget: Arc<ReadBudget>,
    metrics: Arc<Metrics>,
    door: &'static str,
    _active: ActiveDownload,
}

impl Drop for Player {
    fn drop(&mut self) {
        self.budget.active.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that plays the pieces in order. The caller states its length.
pub(crate) fn body(
    reader: Arc<dyn AudioReader>,
    pieces: Vec<Piece>,
    budget: &Arc<ReadBudget>,
    metrics: &Arc<Metrics>,
    door: &'static str,
) -> Body {
    budget.active.fetch_add(1, Ordering::Relaxed);
    let player = Player {
        reader,
        transmitter: Transmitter::current(),
        pieces: pieces.into(),
        encoder: base64::Encoder::default(),
        budget: budget.clone(),
        metrics: metrics.clone(),
        door,
        _active: metrics.download_started(),
    };
    Body::from_stream(try_unfold(player, |mut player| async move {
        let next = player.next().await.inspect_err(|error| {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "a download broke off, its audio cannot be read"
            );
        })?;
        Ok::<_, AudioStoreError>(next.map(|bytes| (bytes, player)))
    }))
}

impl Player {
    /// The beginning of a stretch, for the system to send. It is in no memory of ours, so that the budget does not count.
    async fn transmitted(&mut self, range: &Range<u64>) -> Result<Option<Bytes>, AudioStoreError> {
        let Some(transmitter) = self.transmitter.as_ref() else { return Ok(None) };
        if range.end - range.start < LEAST_TRANSMITTED_BYTES {
            return Ok(None);
        }
        let end = range.end.min(range.start + transmit::MOST_BYTES as u64);
        let Some(file) = self.reader.file(range.start..end).await? else { return Ok(None) };
        let stand_in = transmitter.stand_in(file, range.start, (end - range.start) as usize);
        self.metrics.bytes_sent(self.door, stand_in.len() as u64);
        if end < range.end {
            self.pieces.push_front(Piece::Audio(end..range.end, Form::Exact));
        }
        Ok(Some(stand_in))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, AudioStoreError> {
        let (range, form) = match self.pieces.pop_front() {
            None => return Ok(None),
            Some(Piece::Bytes(bytes)) => return Ok(Some(bytes)),
            Some(Piece::Audio(range, form)) => (range, form),
        };
        if form == Form::Exact
            && let Some(stand_in) = self.transmitted(&range).await?
        {
            return Ok(Some(stand_in));
        }
        // What is held for a client is the form, so that is what the budget counts; the bytes read are gone by then.
        let chunk = match form {
            Form::Exact => self.budget.chunk_bytes(),
            Form::Escaped => self.budget.chunk_bytes().min(MOST_ESCAPED_BYTES) / 6,
            Form::Base64 => self.budget.chunk_bytes() / 4 * 3,
        };
        let wanted = usize::try_from(range.end - range.start).unwrap_or(usize::MAX).min(chunk);
        let bytes = self.reader.read_at(range.start, wanted).await?;
        if bytes.is_empty() && wanted > 0 {
            // The object became shorter than the catalog says; the missing bytes must not look like the end.
            return Err(AudioStoreError::Unusable {
                operation: "reading to the end of an object",
                source: std::io::ErrorKind::UnexpectedEof.into(),
            });
        }
        self.metrics.bytes_sent(self.door, bytes.len() as u64);
        let rest = range.start + bytes.len() as u64..range.end;
        let last = rest.is_empty();
        if !last {
            self.pieces.push_front(Piece::Audio(rest, form));
        }
        Ok(Some(match form {
            Form::Exact => bytes,
            Form::Escaped => {
                let mut text = Vec::with_capacity(bytes.len() * 6);
                raw::escape(&bytes, &mut text);
                text.into()
            }
            Form::Base64 => {
                let mut text = Vec::with_capacity(bytes.len() / 3 * 4 + 8);
                self.encoder.push(&bytes, &mut text);
                if last {
                    std::mem::take(&mut self.encoder).finish(&mut text);
                }
                text.into()
            }
        }))
    }
}
