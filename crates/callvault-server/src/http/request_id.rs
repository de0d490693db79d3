//! A name for each request, so that an answer, its log lines and a complaint can be matched.
//!
//! Ids are ours alone: what a client sends in `X-Request-Id` is neither read nor passed on. They are unique
//! in a process, do not count visibly, and mean nothing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::header::HeaderName;
use http::{HeaderValue, Request, Response};
use tower::{Layer, Service};

/// The header that tells the client the id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request; shown as 16 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Hands out request ids, and as a [`Layer`] puts them into the extensions of requests and the headers of
/// answers.
#[derive(Debug, Clone)]
pub struct RequestIds {
    key: u64,
    next: Arc<AtomicU64>,
}

impl RequestIds {
    /// A series that starts at a random place.
    ///
    /// # Errors
    /// When the operating system has no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let key = getrandom::u64()?;
        Ok(Self { key, next: Arc::new(AtomicU64::new(getrandom::u64()?)) })
    }

    /// The next id.
    pub fn next_id(&self) -> RequestId {
        RequestId(scramble(self.next.fetch_add(1, Ordering::Relaxed) ^ self.key))
    }
}

/// A one-to-one mixing of 64 bits (each step can be undone), so that different counts stay different.
fn scramble(count: u64) -> u64 {
    let mut mixed = count;
    for odd_factor in [0x9e37_79b9_7f4a_7c15_u64, 0xd1b5_4a32_d192_ed03] {
        mixed ^= mixed >> 32;
        mixed = mixed.wrapping_mul(odd_factor);
    }
    mixed ^ (mixed >> 32)
}

impl<S> Layer<S> for RequestIds {
    type Service = WithRequestId<S>;

    fn layer(&self, inner: S) -> WithRequestId<S> {
        WithRequestId { inner, ids: self.clone() }
    }
}

/// A service whose requests have an id.
#[derive(Debug, Clone)]
pub struct WithRequestId<S> {
    inner: S,
    ids: RequestIds,
}

impl<S, Q, R> Service<Request<Q>> for WithRequestId<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let id = self.ids.next_id();
        request.headers_mut().remove(X_REQUEST_ID);
        request.extensions_mut().insert(id);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            let value = HeaderValue::from_str(&id.to_string()).expect("hex digits are a header value");
            response.headers_mut().insert(X_REQUEST_ID, value);
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::convert::Infallible;

    use tower::ServiceExt;

    use super::*;

    #[test]
    fn ids_are_unique_and_16_hex_digits() {
        let ids = RequestIds::new().unwrap();
        let texts: HashSet<String> = (0..10_000).map(|_| ids.next_id().to_string()).collect();
        assert_eq!(texts.len(), 10_000);
        assert!(
            texts.iter().all(|text| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        );
    }

    #[tokio::test]
    async fn clients_cannot_choose_their_id() {
        let inner = tower::service_fn(|request: Request<()>| async move {
            assert!(!request.headers().contains_key(X_REQUEST_ID));
            let id = request.extensions().get::<RequestId>().unwrap().to_string();
            Ok::<_, Infallible>(Response::new(id))
        });
        let service = RequestIds::new().unwrap().layer(inner);
        let request = Request::builder().header(X_REQUEST_ID, "0000000000000000").body(()).unwrap();
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.headers()[X_REQUEST_ID], response.body().as_str());
        assert_ne!(response.body(), "0000000000000000");
    }
}
