//! Files of call records as every door sends them: written while they are looked up, page by page.

use axum::body::Body;
use bytes::Bytes;
use callvault_core::Error;
use callvault_core::call::CallRecord;
use callvault_core::service::call_pages::CallPages;
use futures_util::stream::{self, try_unfold};

/// The header line, then the calls as `push_row` writes them. A page that cannot be read breaks the connection: a file
/// that ends early must not look like a whole one.
pub(crate) fn body(
    pages: CallPages,
    header: &'static str,
    push_row: impl FnMut(&mut Vec<u8>, &CallRecord) + Send + 'static,
) -> Body {
    let start = (pages, push_row, Some(Vec::from(header)));
    Body::from_stream(try_unfold(start, |(mut pages, mut push_row, header)| async move {
        // The header does not wait for the first call, which may be far away.
        let is_first = header.is_some();
        let mut bytes = header.unwrap_or_default();
        loop {
            let next = pages.next().await.inspect_err(|error| {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "a file of call records broke off, its rows cannot be read"
                );
            })?;
            let is_over = next.is_none();
            for call in next.iter().flatten() {
                push_row(&mut bytes, call);
            }
            if is_first || !bytes.is_empty() {
                return Ok::<_, Error>(Some((Bytes::from(bytes), (pages, push_row, None))));
            }
            if is_over {
                return Ok(None);
            }
        }
    }))
}

/// The body for a HEAD. Without a length, as the file has none: an empty body would be announced as one of no bytes.
pub(crate) fn no_body() -> Body {
    Body::from_stream(stream::empty::<Result<Bytes, Error>>())
}
