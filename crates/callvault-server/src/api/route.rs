//! Routes of our own API. Registering a route and describing it are one act: there is no other way to add one.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{Method, Uri};

use super::operation::{Described, Operation, Schemas};
use super::problem::{Code, Problem};
use crate::app::App;
use crate::observe::Route as Matched;

/// A method of a path.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// What it does, in a few words; the id of the operation is made of them.
    pub(crate) summary: &'static str,
    /// The problems that the types of its handler do not know: those of the use case.
    pub(crate) codes: &'static [Code],
    describe: fn(&mut Operation, &mut Schemas),
    handler: MethodRouter<Arc<App>>,
}

impl Route {
    fn new<H, A, D>(method: Method, filter: MethodFilter, summary: &'static str, handler: H) -> Self
    where
        H: Handler<A, Arc<App>> + Described<D>,
        A: 'static,
    {
        Self { method, summary, codes: &[], describe: H::describe, handler: on(filter, handler) }
    }

    /// Tells which problems the use case has, beside those of the handler's arguments and answer.
    pub(crate) fn fails(self, codes: &'static [Code]) -> Self {
        Self { codes, ..self }
    }

    /// The description of the operation.
    pub(crate) fn operation(&self, schemas: &mut Schemas) -> Operation {
        let mut operation = Operation::default();
        (self.describe)(&mut operation, schemas);
        operation.fails(self.codes);
        // Of the query, which every route holds against what it describes.
        operation.fails(&[Code::Invalid]);
        operation
    }
}

macro_rules! methods {
    ($($name:ident $method:ident;)*) => {$(
        #[doc = concat!("The method ", stringify!($method), ", with what it does in a few words.")]
        pub(crate) fn $name<H, A, D>(summary: &'static str, handler: H) -> Route
        where
            H: Handler<A, Arc<App>> + Described<D>,
            A: 'static,
        {
            Route::new(Method::$method, MethodFilter::$method, summary, handler)
        }
    )*};
}

methods! {
    get GET;
    post POST;
    put PUT;
    patch PATCH;
    delete DELETE;
}

/// A path below `/api/v1` with its methods.
pub(crate) struct At {
    pub(crate) path: &'static str,
    pub(crate) routes: Vec<Route>,
}

/// The methods of a path.
pub(crate) fn at<const N: usize>(path: &'static str, routes: [Route; N]) -> At {
    At { path, routes: routes.into() }
}

/// Refuses a query with a parameter that the route does not describe: a filter with a slip in its name would otherwise
/// answer everything.
fn described_alone(known: &[String], uri: &Uri) -> Result<(), Problem> {
    if uri.query().is_some() {
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Err(Problem::invalid("", "the query is not made of names and values"));
        };
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !known.contains(name)) {
            return Err(Problem::invalid(name, "this route has no such query parameter"));
        }
    }
    Ok(())
}

/// Answers on a route whose description knows these parameters of the query.
async fn on_route(known: Arc<[String]>, request: Request, next: Next) -> Response {
    let route = Matched::of(&request);
    let mut response = match described_alone(&known, request.uri()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// Answers on a route that does not have the method.
async fn method_not_allowed(request: Request) -> Response {
    let mut response = Problem::method_not_allowed().into_response();
    if let Some(route) = Matched::of(&request) {
        response.extensions_mut().insert(route);
    }
    response
}

/// The routes as they are served, below `prefix`. They are not nested there: that would cut every request's path.
pub(crate) fn router(prefix: &str, table: Vec<At>) -> Router<Arc<App>> {
    let router = table.into_iter().fold(Router::new(), |router, At { path, routes }| {
        let methods = routes.into_iter().map(|route| {
            let known = Arc::<[String]>::from(route.operation(&mut Schemas::default()).in_query());
            route.handler.route_layer(from_fn(move |request, next| on_route(known.clone(), request, next)))
        });
        router.route(&format!("{prefix}{path}"), methods.fold(MethodRouter::new(), MethodRouter::merge))
    });
    router.method_not_allowed_fallback(method_not_allowed)
}
