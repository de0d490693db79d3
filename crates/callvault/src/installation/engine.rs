//! The engine of an installation: catalog, audio, listen log and use cases, put together in one place.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use callvault_audio::AudioProber;
use callvault_core::port::audio_store::AudioStore;
use callvault_core::port::catalog::Catalog;
use callvault_core::port::clock::Clock;
use callvault_core::port::random::Random;
use callvault_core::service::lockouts::LockoutPolicy;
use callvault_core::service::{Policy, Ports, Services};
use callvault_server::app::{self, App};
use callvault_server::front::Front;
use callvault_server::system::{ArgonHasher, OsRandom, SystemClock};
use callvault_server::telemetry::Metrics;
use callvault_server::work::bell::Bell;
use callvault_server::work::listen_log::ListenLog;
use callvault_server::work::reports::{self, Courier, Reach, Trust};
use callvault_store::audio::local::LocalAudio;
use callvault_wire::enswitch::path::Prefixes;
use callvault_wire::yeastar::response::Cors;

use super::{Lock, Places};
use crate::config::{Settings, StatusMode};

/// How long the last entries of the listen log may take to be committed.
const LOG_GRACE: Duration = Duration::from_secs(10);

/// A running engine. It has the lock on its folder; [`Engine::close`] ends it in order.
pub(crate) struct Engine {
    catalog: Arc<dyn Catalog>,
    listen_log: Arc<ListenLog>,
    services: Arc<Services>,
    metrics: Arc<Metrics>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    app: Arc<App>,
    bell: Arc<Bell>,
    front: Front,
    _lock: Lock,
}

impl Engine {
    /// Makes catalog and audio store in a folder that was claimed.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(crate) async fn create(settings: &Settings, lock: Lock) -> anyhow::Result<Self> {
        let places = Places::of(&settings.server.data);
        let audio = LocalAudio::init(&places.audio()).await.context("cannot make the audio store")?;
        Self::over(settings, lock, &places.catalog(), Arc::new(audio)).await
    }

    /// Opens what is there.
    ///
    /// # Errors
    /// When a part is missing, damaged or of another version.
    pub(crate) async fn open(settings: &Settings, lock: Lock) -> anyhow::Result<Self> {
        let places = Places::of(&settings.server.data);
        // A catalog that is gone must not be replaced by an empty one: all audio would be swept as unknown.
        fs_err::metadata(places.catalog()).context("the catalog is missing")?;
        let audio = LocalAudio::open(&places.audio()).await.context("cannot open the audio store")?;
        Self::over(settings, lock, &places.catalog(), Arc::new(audio)).await
    }

    async fn over(
        settings: &Settings,
        lock: Lock,
        catalog: &Path,
        audio: Arc<dyn AudioStore>,
    ) -> anyhow::Result<Self> {
        let catalog = callvault_store::catalog::open_sqlite(catalog).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let bell = Arc::new(Bell::default());
        let random: Arc<dyn Random> = Arc::new(OsRandom);
        let listen_log = ListenLog::start(catalog.clone(), clock.clone(), settings.listen_log.strict);
        let ports = Ports {
            catalog: catalog.clone(),
            audio,
            prober: Arc::new(AudioProber),
            clock: clock.clone(),
            random: random.clone(),
            passwords: Arc::new(ArgonHasher::new(random.clone())),
            listen: listen_log.clone(),
            reporting: bell.clone(),
        };
        let services = Services::open(ports, policy(settings)).await.context("cannot read the catalog")?;
        let services = Arc::new(services);
        let metrics = Arc::new(Metrics::new());
        let spool = Places::of(&settings.server.data).spool();
        // One that is there is as private as the data folder around it.
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&spool);
        made.with_context(|| format!("cannot make the spool folder {}", spool.display()))?;
        let app = App::new(services.clone(), doors(settings, spool)?, metrics.clone());
        let front = app.front().map_err(|error| anyhow::anyhow!("there are no random bytes: {error}"))?;
        Ok(Self { catalog, listen_log, services, metrics, random, clock, app, bell, front, _lock: lock })
    }

    /// All doors.
    pub(crate) fn front(&self) -> Front {
        self.front.clone()
    }

    /// The use cases.
    pub(crate) fn services(&self) -> Arc<Services> {
        self.services.clone()
    }

    /// Who delivers reports.
    pub(crate) fn courier(&self) -> Courier {
        Courier::new(self.app.clone(), self.clock.clone(), self.bell.clone())
    }

    /// What the door of reports by TCP needs.
    pub(crate) fn reporting(&self) -> (Arc<App>, Arc<Bell>) {
        (self.app.clone(), self.bell.clone())
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// The source of randomness.
    pub(crate) fn random(&self) -> &dyn Random {
        self.random.as_ref()
    }

    /// Commits what is queued, closes the catalog, then gives the lock back.
    pub(crate) async fn close(self) {
        if self.listen_log.shutdown(LOG_GRACE).await.is_err() {
            tracing::error!("the last entries of the listen log could not be written");
        }
        self.catalog.close().await;
    }
}

fn policy(settings: &Settings) -> Policy {
    let limits = &settings.limits;
    Policy {
        largest_recording_bytes: limits.largest_recording.0,
        largest_message_bytes: limits.largest_message.0,
        message_versions: limits.message_versions,
        sessions_per_person: limits.sessions_per_person,
        login_token_life: settings.enswitch.token_life.0.map(|span| span.0),
        credential_cache: limits.credential_cache.0,
        report_patience: settings.reports.patience.0,
        lockouts: LockoutPolicy {
            failures: settings.lockout.failures,
            address_failures: settings.lockout.address_failures,
            duration: settings.lockout.duration.0,
        },
    }
}

fn doors(settings: &Settings, spool_folder: PathBuf) -> anyhow::Result<app::Settings> {
    Ok(app::Settings {
        cors: Cors::new(&settings.yeastar.origin)?,
        enswitch_prefixes: Prefixes::new(settings.enswitch.prefixes.iter().map(String::as_str))?,
        enswitch_mirror: settings.enswitch.status == StatusMode::Mirror,
        largest_message_bytes: settings.limits.largest_message.0,
        spool_folder,
        reports: reporting(settings)?,
    })
}

fn reporting(settings: &Settings) -> anyhow::Result<reports::Settings> {
    let wanted = &settings.reports;
    let trust =
        Trust::new(wanted.verify_tls, wanted.ca_file.as_deref()).context("reports.ca_file is wrong")?;
    Ok(reports::Settings {
        reach: Reach {
            private: wanted.allow_private,
            loopback: wanted.allow_loopback,
            link_local: wanted.allow_link_local,
            networks: wanted.networks.clone(),
        },
        trust,
        connections: wanted.connections,
        connections_per_customer: wanted.connections_per_customer,
        ..reports::Settings::default()
    })
}
