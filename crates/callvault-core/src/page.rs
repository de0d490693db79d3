//! Pages of lists: by key, never by offset, so that a page costs the same wherever it lies.

/// Which page of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// Rows after this key; the first page otherwise.
    pub after: Option<K>,
    /// At most this many rows, 1 to [`PageRequest::MOST`].
    pub limit: u32,
}

impl<K> PageRequest<K> {
    /// The longest page.
    pub const MOST: u32 = 1000;

    /// A page of at most `limit` rows (clamped) after a key.
    pub fn new(after: Option<K>, limit: u32) -> Self {
        Self { after, limit: limit.clamp(1, Self::MOST) }
    }
}
