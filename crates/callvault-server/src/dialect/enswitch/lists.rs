//! Lists of any length, written while they are looked up: the functions know no pages, so memory must not grow with the
//! number of rows.

use std::future::Future;

use axum::body::Body;
use bytes::Bytes;
use callvault_core::Error;
use callvault_core::page::PageRequest;
use callvault_wire::enswitch::response::rows::ListPieces;
use futures_util::stream::{self, StreamExt as _, try_unfold};

/// How many rows are looked up at once.
const PAGE_ROWS: u32 = 200;

/// How a list is looked up and written.
pub(super) struct Rows<T, K, N> {
    /// Looks a page up. One that is not full is the last.
    pub(super) next: N,
    /// The key of a row, after which the next page begins.
    pub(super) key: fn(&T) -> K,
    /// Writes a row.
    pub(super) write: fn(&T, &mut ListPieces) -> Result<Vec<u8>, Error>,
}

impl<T, K, N, F> Rows<T, K, N>
where
    T: Send + 'static,
    K: Send + 'static,
    N: Fn(PageRequest<K>) -> F + Send + 'static,
    F: Future<Output = Result<Vec<T>, Error>> + Send + 'static,
{
    /// The body of the list. Its first page is read before it begins; a later one that cannot be read breaks the
    /// connection, because a list that ends early must not look whole.
    ///
    /// # Errors
    /// Those of the first page.
    pub(super) async fn body(self) -> Result<Body, Error> {
        let rows = (self.next)(PageRequest::new(None, PAGE_ROWS)).await?;
        let mut pieces = ListPieces::default();
        let mut bytes = pieces.head();
        let after = self.page(&rows, &mut pieces, &mut bytes)?;
        if after.is_none() {
            return Ok(Body::from(bytes));
        }
        let first = stream::once(async move { Ok(Bytes::from(bytes)) });
        let rest = try_unfold((self, pieces, after), |(list, mut pieces, after)| async move {
            let Some(after) = after else { return Ok(None) };
            let mut bytes = Vec::new();
            let page = (list.next)(PageRequest::new(Some(after), PAGE_ROWS)).await;
            let after = page.and_then(|rows| list.page(&rows, &mut pieces, &mut bytes));
            let after = after.inspect_err(|error| {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "a list of the Enswitch dialect broke off, its rows cannot be read"
                );
            })?;
            Ok::<_, Error>(Some((Bytes::from(bytes), (list, pieces, after))))
        });
        Ok(Body::from_stream(first.chain(rest)))
    }

    /// Writes a page, and the end behind the last one; answers the key of the next.
    fn page(&self, rows: &[T], pieces: &mut ListPieces, bytes: &mut Vec<u8>) -> Result<Option<K>, Error> {
        for row in rows {
            bytes.extend((self.write)(row, pieces)?);
        }
        let is_full = rows.len() >= PAGE_ROWS as usize;
        let after = rows.last().filter(|_| is_full).map(self.key);
        if after.is_none() {
            bytes.extend_from_slice(pieces.tail());
        }
        Ok(after)
    }
}
