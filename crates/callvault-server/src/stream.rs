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

/// The largest chunk of base64. It is copied into packets, and each chunk ends with one that is not full and wakes the client.
const MOST_BASE64_BYTES: usize = 1024 * 1024;

/// The largest chunk that is escaped: six times what is read is written, and must stay in the cache until it is sent.
const MOST_ESCAPED_BYTES: usize = 256 * 1024;

/// How much is read at once to become base64: what is read must stay in the cache until it is encoded.
const ENCODED_AT_ONCE_BYTES: usize = 48 * 1024;

/// The smallest chunk, however many downloads there are; only the end of a stretch is smaller.
const LEAST_CHUNK_BYTES: usize = 16 * 1024;

/// The shortest stretch that the system sends by itself. A shorter one is copied: it goes with the head in one call.
const LEAST_TRANSMITTED_BYTES: u64 = 32 * 1024;

/// What the chunks of all downloads together stay below, but for the smallest ones: a stalled client holds its chunk.
const BUDGET_BYTES: usize = 16 << 20;

/// What the chunks of all downloads hold, and how many downloads there are.
#[derive(Debug, Default)]
pub(crate) struct ReadBudget {
    held_bytes: AtomicUsize,
    active: AtomicUsize,
}

impl ReadBudget {
    /// Takes room for a chunk of at most `most` bytes: a share of all, or what is left where others still have more.
    fn take(self: &Arc<Self>, most: usize) -> Room {
        let left = BUDGET_BYTES.saturating_sub(self.held_bytes.load(Ordering::Relaxed));
        let share = BUDGET_BYTES / self.active.load(Ordering::Relaxed).max(1);
        let bytes = share.min(left).max(LEAST_CHUNK_BYTES).min(most);
        self.held_bytes.fetch_add(bytes, Ordering::Relaxed);
        Room { budget: self.clone(), bytes }
    }
}

/// Room for a chunk, until it is dropped.
struct Room {
    budget: Arc<ReadBudget>,
    bytes: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.budget.held_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
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

impl Form {
    /// How many stored bytes become at most how many of a body.
    fn growth(self) -> (usize, usize) {
        match self {
            Form::Exact => (1, 1),
            Form::Escaped => (1, 6),
            Form::Base64 => (3, 4),
        }
    }

    /// The largest chunk of a body.
    fn most_chunk_bytes(self) -> usize {
        match self {
            Form::Exact => MOST_CHUNK_BYTES,
            Form::Base64 => MOST_BASE64_BYTES,
            Form::Escaped => MOST_ESCAPED_BYTES,
        }
    }
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
    /// For the chunk that is on its way to the client.
    room: Option<Room>,
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
        room: None,
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
        let more = end < range.end;
        let stand_in = transmitter.stand_in(file, range.start, (end - range.start) as usize, more);
        self.metrics.bytes_sent(self.door, stand_in.len() as u64);
        self.put_back(end..range.end, Form::Exact);
        Ok(Some(stand_in))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, AudioStoreError> {
        // The chunk before is sent, or nearly so.
        self.room = None;
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
        let left = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        // What is held for a client is the form, so that is what counts; the bytes read are gone by then.
        let (stored, written) = form.growth();
        let most = left.div_ceil(stored).saturating_mul(written).min(form.most_chunk_bytes());
        let room_bytes = self.room.insert(self.budget.take(most)).bytes;
        let end = range.start + left.min(room_bytes / written * stored) as u64;
        let (chunk, next) = match form {
            Form::Exact => {
                let bytes = self.read(range.start..end).await?;
                let next = range.start + bytes.len() as u64;
                (bytes, next)
            }
            Form::Escaped => {
                let bytes = self.read(range.start..end).await?;
                let next = range.start + bytes.len() as u64;
                let mut text = Vec::with_capacity(bytes.len() * written + self.behind());
                raw::escape(&bytes, &mut text);
                if next == range.end {
                    self.end_with_what_is_behind(&mut text);
                }
                (text.into(), next)
            }
            Form::Base64 => {
                let mut text = Vec::with_capacity(room_bytes + self.behind());
                self.encode(range.start..end, &mut text).await?;
                if end == range.end {
                    std::mem::take(&mut self.encoder).finish(&mut text);
                    self.end_with_what_is_behind(&mut text);
                }
                (text.into(), end)
            }
        };
        self.put_back(next..range.end, form);
        Ok(Some(chunk))
    }

    /// How many bytes stand behind the audio that is being written.
    fn behind(&self) -> usize {
        match self.pieces.front() {
            Some(Piece::Bytes(bytes)) => bytes.len(),
            _ => 0,
        }
    }

    /// Appends what stands behind the audio, a few bytes that would make a call and a packet of their own.
    fn end_with_what_is_behind(&mut self, text: &mut Vec<u8>) {
        if let Some(Piece::Bytes(bytes)) = self.pieces.front() {
            text.extend_from_slice(bytes);
            self.pieces.pop_front();
        }
    }

    /// Appends a stretch as base64, but for what waits for the bytes behind it.
    async fn encode(&mut self, mut stretch: Range<u64>, text: &mut Vec<u8>) -> Result<(), AudioStoreError> {
        let left = |stretch: &Range<u64>| usize::try_from(stretch.end - stretch.start).unwrap_or(usize::MAX);
        let mut buffer = vec![0; left(&stretch).min(ENCODED_AT_ONCE_BYTES)];
        while !stretch.is_empty() {
            buffer.truncate(left(&stretch));
            buffer = self.reader.read_over(stretch.start, buffer).await?;
            self.count(buffer.len())?;
            self.encoder.push(&buffer, text);
            stretch.start += buffer.len() as u64;
        }
        Ok(())
    }

    /// At least one byte of a stretch, at most all.
    async fn read(&self, stretch: Range<u64>) -> Result<Bytes, AudioStoreError> {
        let bytes = self.reader.read_at(stretch.start, (stretch.end - stretch.start) as usize).await?;
        if !stretch.is_empty() {
            self.count(bytes.len())?;
        }
        Ok(bytes)
    }

    /// Counts what was read of a stretch that has bytes.
    fn count(&self, read_bytes: usize) -> Result<(), AudioStoreError> {
        if read_bytes == 0 {
            // The object became shorter than the catalog says; the missing bytes must not look like the end.
            return Err(AudioStoreError::Unusable {
                operation: "reading to the end of an object",
                source: std::io::ErrorKind::UnexpectedEof.into(),
            });
        }
        self.metrics.bytes_sent(self.door, read_bytes as u64);
        Ok(())
    }

    /// What of a stretch comes with the next chunk.
    fn put_back(&mut self, rest: Range<u64>, form: Form) {
        if !rest.is_empty() {
            self.pieces.push_front(Piece::Audio(rest, form));
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use callvault_core::port::audio_store::SendableFile;
    use http_body_util::BodyExt as _;

    use super::*;

    #[derive(Debug)]
    struct InMemory(Bytes);

    #[async_trait]
    impl AudioReader for InMemory {
        fn size_bytes(&self) -> u64 {
            self.0.len() as u64
        }

        async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, AudioStoreError> {
            let start = self.0.len().min(offset as usize);
            Ok(self.0.slice(start..self.0.len().min(start + length)))
        }

        async fn read_over(&self, offset: u64, buffer: Vec<u8>) -> Result<Vec<u8>, AudioStoreError> {
            self.read_at(offset, buffer.len()).await.map(Vec::from)
        }

        async fn file(&self, _: Range<u64>) -> Result<Option<SendableFile>, AudioStoreError> {
            Ok(None)
        }
    }

    /// The chunks of audio between two brackets, while so many other downloads are under way.
    async fn chunks(audio: &Bytes, told_bytes: usize, form: Form, others: usize) -> Vec<Option<Bytes>> {
        let budget = Arc::new(ReadBudget::default());
        budget.active.fetch_add(others, Ordering::Relaxed);
        let bracket = |text: &'static str| Piece::Bytes(Bytes::from_static(text.as_bytes()));
        let pieces = vec![bracket("<"), Piece::Audio(0..told_bytes as u64, form), bracket(">")];
        let reader = Arc::new(InMemory(audio.clone()));
        let mut body = body(reader, pieces, &budget, &Arc::new(Metrics::new()), "test");
        let mut chunks = Vec::new();
        while let Some(frame) = body.frame().await {
            chunks.push(frame.ok().and_then(|frame| frame.into_data().ok()));
        }
        chunks
    }

    #[tokio::test]
    async fn chunks_together_are_the_form_of_the_audio_and_what_is_around_it() {
        let audio: Bytes = (0..3_000_001_u64).map(|at| (at * 7919 % 251) as u8).collect();
        let check = async |bytes: usize, form: Form, others: usize, expected_chunks: usize| {
            let audio = audio.slice(..bytes);
            let text = match form {
                Form::Base64 => base64_simd::STANDARD.encode_to_string(&audio).into_bytes(),
                Form::Exact | Form::Escaped => {
                    let mut text = Vec::new();
                    if form == Form::Exact {
                        text.extend(&audio)
                    } else {
                        raw::escape(&audio, &mut text)
                    }
                    text
                }
            };
            let chunks = chunks(&audio, bytes, form, others).await;
            let whole = chunks.iter().flatten().flat_map(|chunk| chunk.iter().copied());
            let expected = [b"<", &text[..], b">"].concat();
            assert!(whole.eq(expected), "{bytes} bytes, {form:?}, {others} others");
            assert_eq!(chunks.len(), expected_chunks, "{bytes} bytes, {form:?}, {others} others");
        };
        // The first bracket, and the audio with the last one: a chunk of base64 is 1 MiB, and 16 KiB where nothing is left.
        check(480_000, Form::Base64, 0, 2).await;
        check(786_432, Form::Base64, 0, 2).await;
        check(786_433, Form::Base64, 0, 3).await;
        check(3_000_001, Form::Base64, 0, 5).await;
        check(480_000, Form::Base64, 2000, 1 + 40).await;
        for bytes in [0, 1, 2, 3, 49_151, 49_152, 49_153] {
            check(bytes, Form::Base64, 0, 2).await;
        }
        // 256 KiB hold 43,690 bytes that may become six times as many.
        check(43_690, Form::Escaped, 0, 2).await;
        check(43_691, Form::Escaped, 0, 3).await;
        // Bytes that stay as they are, are not copied to go with the bracket.
        check(480_000, Form::Exact, 0, 3).await;
    }

    #[tokio::test]
    async fn audio_that_is_shorter_than_was_told_breaks_the_body() {
        let audio = Bytes::from_static(&[7; 100_000]);
        for form in [Form::Exact, Form::Escaped, Form::Base64] {
            for told_bytes in [100_001, 200_000, 2_000_000] {
                let chunks = chunks(&audio, told_bytes, form, 0).await;
                assert_eq!(chunks.last(), Some(&None), "{form:?} of {told_bytes} bytes");
                assert!(!chunks.iter().flatten().any(|chunk| chunk.ends_with(b">")), "{form:?}");
            }
        }
    }

    /// So many downloads that begin one after the other and stall.
    fn stalled(downloads: usize) -> (Arc<ReadBudget>, Vec<Option<Room>>) {
        let budget = Arc::new(ReadBudget::default());
        let begin = |_| {
            budget.active.fetch_add(1, Ordering::Relaxed);
            Some(budget.take(MOST_CHUNK_BYTES))
        };
        let rooms = (0..downloads).map(begin).collect();
        (budget, rooms)
    }

    #[test]
    fn stalled_downloads_hold_no_more_than_the_budget_and_their_least() {
        let (budget, rooms) = stalled(1000);
        let bytes: Vec<_> = rooms.iter().flatten().map(|room| room.bytes).collect();
        assert!(bytes.iter().sum::<usize>() <= BUDGET_BYTES + bytes.len() * LEAST_CHUNK_BYTES);
        assert!(bytes.iter().all(|bytes| *bytes >= LEAST_CHUNK_BYTES));
        assert_eq!(bytes[0], MOST_CHUNK_BYTES, "the first had no reason to take less");
        drop(rooms);
        assert_eq!(budget.held_bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_end_of_a_stretch_takes_no_more_room_than_it_needs() {
        let budget = Arc::new(ReadBudget::default());
        let room = budget.take(1);
        assert_eq!((room.bytes, budget.held_bytes.load(Ordering::Relaxed)), (1, 1));
    }

    #[test]
    fn downloads_that_go_on_share_the_budget() {
        let (budget, mut rooms) = stalled(200);
        for _ in 0..2 {
            for room in &mut rooms {
                *room = None;
                *room = Some(budget.take(MOST_CHUNK_BYTES));
            }
        }
        assert!(rooms.iter().flatten().all(|room| room.bytes == BUDGET_BYTES / 200));
    }
}
