//! The application behind the listeners: what every route shares, and the front.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use callvault_core::service::Services;
use callvault_wire::enswitch::path::Prefixes;
use callvault_wire::yeastar::response::Cors;

use crate::front::Front;
use crate::http::request_id::RequestIds;
use crate::small_body::SmallBodies;
use crate::stream::ReadBudget;
use crate::telemetry::Metrics;
use crate::warnings::Warnings;
use crate::work::reports::{self, Outlet};
use crate::{api, dialect, health};

/// What an operator may set about the doors.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which origins browsers may call the Yeastar dialect from.
    pub cors: Cors,
    /// Where the Enswitch dialect is served (`docs/enswitch.md` 18).
    pub enswitch_prefixes: Prefixes,
    /// Whether Enswitch codes are the HTTP status too (`docs/enswitch.md` 1).
    pub enswitch_mirror: bool,
    /// Largest message taken over the network, in bytes; bounds what is spooled before a login is known.
    pub largest_message_bytes: u64,
    /// Where uploads wait until their sender is known; a folder that is there and private.
    pub spool_folder: PathBuf,
    /// The delivery of reports.
    pub reports: reports::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cors: Cors::default(),
            enswitch_prefixes: Prefixes::default(),
            enswitch_mirror: false,
            largest_message_bytes: 10 << 20,
            spool_folder: std::env::temp_dir(),
            reports: reports::Settings::default(),
        }
    }
}

/// What every route shares.
pub struct App {
    /// The use cases.
    pub services: Arc<Services>,
    /// The settings of the doors.
    pub settings: Settings,
    /// The numbers of `/metrics`.
    pub metrics: Arc<Metrics>,
    pub(crate) outlet: Outlet,
    pub(crate) budget: Arc<ReadBudget>,
    pub(crate) bodies: SmallBodies,
    pub(crate) spools: dialect::spool::Spools,
    pub(crate) readiness: health::Readiness,
    pub(crate) warnings: Warnings,
    pub(crate) description: OnceLock<api::openapi::Document>,
}

impl App {
    /// Puts the doors on the use cases.
    pub fn new(services: Arc<Services>, settings: Settings, metrics: Arc<Metrics>) -> Arc<Self> {
        let spools =
            dialect::spool::Spools::new(settings.largest_message_bytes, settings.spool_folder.clone());
        let outlet = Outlet::new(&settings.reports);
        Arc::new(Self {
            services,
            settings,
            metrics,
            outlet,
            budget: Arc::default(),
            bodies: SmallBodies::default(),
            spools,
            readiness: health::Readiness::default(),
            warnings: Warnings::default(),
            description: OnceLock::new(),
        })
    }

    /// All routes. Every request through it has an id, is counted and is logged without its query.
    ///
    /// # Errors
    /// When the operating system gives no random bytes for request ids.
    pub fn front(self: &Arc<Self>) -> Result<Front, getrandom::Error> {
        let routes = Router::new()
            .merge(api::routes())
            .merge(health::routes())
            .fallback(|State(app): State<Arc<App>>, request| dialect::route(app, request))
            .with_state(self.clone());
        Ok(Front::new(self.clone(), RequestIds::new()?, routes))
    }
}
