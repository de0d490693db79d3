//! Collecting the few bytes of a header out of pieces that are cut anywhere, and passing over the rest.

/// A buffer of at most `N` bytes that fills up across pieces.
#[derive(Debug, Clone)]
pub(crate) struct Gather<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Gather<N> {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// Moves bytes from the front of `input` until `wanted` (at most `N`) are held; true when they are.
    pub(crate) fn fill(&mut self, wanted: usize, input: &mut &[u8]) -> bool {
        let wanted = wanted.min(N);
        let count = wanted.saturating_sub(self.len).min(input.len());
        let (taken, rest) = input.split_at(count);
        self.bytes[self.len..self.len + count].copy_from_slice(taken);
        self.len += count;
        *input = rest;
        self.len >= wanted
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Forgets the first `count` bytes and moves the others to the front.
    pub(crate) fn drop_front(&mut self, count: usize) {
        let count = count.min(self.len);
        self.bytes.copy_within(count..self.len, 0);
        self.len -= count;
    }
}

/// Passes over at most `left` bytes of `input`; true when nothing is left to pass over.
pub(crate) fn skip(left: &mut u64, input: &mut &[u8]) -> bool {
    take(left, input);
    *left == 0
}

/// Cuts at most `left` bytes off the front of `input` and counts them off.
pub(crate) fn take<'a>(left: &mut u64, input: &mut &'a [u8]) -> &'a [u8] {
    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    let (taken, rest) = input.split_at(count);
    *left -= count as u64;
    *input = rest;
    taken
}

/// The little-endian number at `at`; bytes past the end count as zero, so that a hostile header cannot panic.
pub(crate) fn u16_le(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

/// As [`u16_le`], 32 bits.
pub(crate) fn u32_le(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

/// As [`u16_le`], 64 bits.
pub(crate) fn u64_le(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes.get(at + index).copied().unwrap_or(0))
}
