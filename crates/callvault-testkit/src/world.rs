//! A whole installation in a folder of its own: real catalog, real store, real routes; only the clock is the test's, and the
//! password hashing quick.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use callvault_audio::AudioProber;
use callvault_core::port::catalog::Catalog;
use callvault_core::port::listen_writer::ListenWriter;
use callvault_core::port::wake::Wake as _;
use callvault_core::service::{Policy, Ports, Services};
use callvault_server::app::{App, Settings};
use callvault_server::front::Front;
use callvault_server::http::address::ClientAddress;
use callvault_server::listen::tls::{CertificateSource, Certificates};
use callvault_server::listen::{ListenSettings, Listener, Peer, PeerInfo, Protocol, Server};
use callvault_server::system::OsRandom;
use callvault_server::telemetry::Metrics;
use callvault_server::work::bell::Bell;
use callvault_server::work::listen_log::ListenLog;
use callvault_server::work::reports::Courier;
use callvault_server::work::reports::tcp::{self, ReportListener, TcpSettings};
use callvault_store::audio::local::LocalAudio;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::clock::HandClock;
use crate::connectors::wire::encode;
use crate::described;
use crate::password::QuickHasher;

/// The address that calls come from when a test says nothing.
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Numbers, first and last time of a file of call records, as the Yeastar dialect writes them.
pub type CallSpan<'a> = (&'a str, &'a str, &'a str);

/// An installation.
pub struct World {
    /// Its clock.
    pub clock: Arc<HandClock>,
    /// Its application.
    pub app: Arc<App>,
    /// Its catalog.
    pub catalog: Arc<dyn Catalog>,
    /// What rings when there may be reports to deliver.
    pub bell: Arc<Bell>,
    front: Front,
    description: Value,
    policy: Policy,
    working: Mutex<Vec<JoinHandle<()>>>,
    stop: CancellationToken,
    folder: Arc<TempDir>,
    listen: Arc<ListenLog>,
}

/// What a call came to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl World {
    /// An empty installation with default settings.
    pub async fn new() -> Self {
        Self::with(Settings::default(), Policy::default()).await
    }

    /// An empty installation.
    pub async fn with(settings: Settings, policy: Policy) -> Self {
        let folder = Arc::new(folder());
        LocalAudio::init(&folder.path().join("audio")).await.unwrap();
        Self::open(folder, Arc::default(), settings, policy).await
    }

    async fn open(folder: Arc<TempDir>, clock: Arc<HandClock>, settings: Settings, policy: Policy) -> Self {
        let catalog = callvault_store::catalog::open_sqlite(&folder.path().join("catalog.db")).await.unwrap();
        let listen = ListenLog::start(catalog.clone(), clock.clone(), false);
        let bell = Arc::new(Bell::default());
        let ports = ports(&folder, &catalog, &clock, listen.clone(), &bell).await;
        let services = Arc::new(Services::open(ports, policy.clone()).await.unwrap());
        let app = App::new(services, settings, Arc::new(Metrics::new()));
        let front = app.front().unwrap();
        Self {
            clock,
            app,
            catalog,
            bell,
            front,
            description: callvault_server::api_description(),
            policy,
            working: Mutex::default(),
            stop: CancellationToken::new(),
            folder,
            listen,
        }
    }

    /// Ends the process, as far as a test can tell, and starts another on the same folder.
    pub async fn restart(self) -> Self {
        self.stop.cancel();
        let working = std::mem::take(&mut *self.working.lock().unwrap());
        for task in working {
            task.await.unwrap();
        }
        self.app.services.sessions.flush().await.unwrap();
        self.listen.shutdown(std::time::Duration::from_secs(10)).await.unwrap();
        self.catalog.close().await;
        let settings = self.app.settings.clone();
        Self::open(self.folder.clone(), self.clock.clone(), settings, self.policy.clone()).await
    }

    /// The use cases once more, on the same catalog and store, with another writer of the listen log.
    pub async fn services(&self, listen: Arc<dyn ListenWriter>) -> Services {
        let ports = ports(&self.folder, &self.catalog, &self.clock, listen, &self.bell).await;
        Services::open(ports, self.policy.clone()).await.unwrap()
    }

    /// Has reports delivered from now on, until a restart.
    pub fn deliver(&self) {
        let courier = Courier::new(self.app.clone(), self.clock.clone(), self.bell.clone());
        let running = courier.run(self.stop.clone(), Duration::from_secs(10));
        self.working.lock().unwrap().push(tokio::spawn(running));
    }

    /// Listens on a free port of 127.0.0.1 until a restart, for HTTP and HTTPS as the device does; answers the address.
    pub async fn serve(&self) -> SocketAddr {
        let directory = self.folder.path().join("tls");
        let certificates = Certificates::open(CertificateSource::SelfSigned { directory, names: Vec::new() });
        let tls = Some(certificates.unwrap().server_config());
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Protocol::Both).await.unwrap();
        let (address, _) = listener.address().unwrap();
        let settings = ListenSettings::default();
        let server = Server::new(vec![listener], settings, tls, self.app.metrics.clone()).unwrap();
        let serving = server.serve(self.front.clone(), self.stop.clone(), Duration::from_secs(10));
        self.working.lock().unwrap().push(tokio::spawn(async {
            serving.await;
        }));
        address
    }

    /// Opens the door of reports by TCP; answers its address.
    pub async fn report_door(&self, settings: TcpSettings) -> SocketAddr {
        let listener = ReportListener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.address();
        let (app, bell) = (self.app.clone(), self.bell.clone());
        let running = tcp::serve(vec![listener], settings, app, bell, self.stop.clone());
        self.working.lock().unwrap().push(tokio::spawn(running));
        address
    }

    /// Moves the clock on and has the courier look.
    pub fn pass(&self, span: Duration) {
        self.clock.advance(span);
        self.bell.wake();
    }

    /// Where the store keeps an installation's audio.
    pub fn audio_folder(&self) -> PathBuf {
        self.folder.path().join("audio")
    }

    /// The files of the store, finished or not.
    pub fn audio_files(&self) -> Vec<PathBuf> {
        let shards = fs_err::read_dir(self.audio_folder()).unwrap();
        let files = shards.flat_map(|shard| fs_err::read_dir(shard.unwrap().path()).unwrap());
        files.map(|file| file.unwrap().path()).collect()
    }

    /// Calls the front as a client at `peer`.
    pub async fn call(&self, peer: IpAddr, mut request: Request<Body>) -> Answer {
        let address = SocketAddr::new(peer, 50_000);
        let local = SocketAddr::new(HERE, 8088);
        let info = PeerInfo { address, local, tls: false, server_name: None };
        request.extensions_mut().insert(Peer::Tcp(info));
        request.extensions_mut().insert(ClientAddress { address: peer, forwarding_ignored: false });
        self.send(request).await
    }

    /// Calls the front as the local system owner.
    pub async fn local(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let mut request =
            Request::builder().method(method).uri(format!("/api/v1{path}")).body(body.into()).unwrap();
        request.extensions_mut().insert(Peer::ControlSocket);
        self.send(request).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().to_string());
        let response = self.front.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        described::check(&self.description, &method, &path, &answer);
        answer
    }

    /// Adds something through our own API and answers its object.
    pub async fn add(&self, path: &str, object: Value) -> Value {
        let answer = self.local(Method::POST, path, object.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.text());
        answer.json()
    }

    /// Adds a customer.
    pub async fn customer(&self, id: i64, parent: Option<i64>) {
        self.add("/customers", json!({ "id": id, "parent": parent, "name": format!("Customer {id}") })).await;
    }

    /// Adds a person with the password `password`; answers the number.
    pub async fn person(&self, customer: i64, username: &str, role: &str) -> i64 {
        let body =
            json!({ "customer": customer, "username": username, "role": role, "password": "password" });
        self.add("/people", body).await["id"].as_i64().unwrap()
    }

    /// Stores a recording.
    pub async fn recording(&self, customer: i64, name: &str, audio: Vec<u8>) {
        let path = format!("/recordings/{}?customer={customer}", encode(name));
        let answer = self.local(Method::PUT, &path, audio).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{name}: {}", answer.text());
    }

    /// Puts a message on a level.
    pub async fn message(&self, hunt_group: i64, level: i64, name: &str, audio: Vec<u8>) {
        let path = format!("/huntgroups/{hunt_group}/levels/{level}/message?name={name}");
        let answer = self.local(Method::PUT, &path, audio).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }

    /// Posts JSON at the Yeastar door.
    pub async fn yeastar(&self, peer: IpAddr, endpoint: &str, body: Value) -> Value {
        let request =
            Request::post(format!("/api/v2.0.0/{endpoint}")).body(Body::from(body.to_string())).unwrap();
        self.call(peer, request).await.json()
    }

    /// Logs in at the Yeastar door; answers the token.
    pub async fn log_in(&self, peer: IpAddr, username: &str) -> String {
        // The MD5 of `password`.
        let body =
            json!({ "username": username, "password": "5f4dcc3b5aa765d61d8327deb882cf99", "port": "8260" });
        let answer = self.yeastar(peer, "login", body).await;
        answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A ticket for a recording.
    pub async fn ticket(&self, peer: IpAddr, token: &str, recording: &str) -> String {
        let endpoint = format!("recording/get_random?token={token}");
        let answer = self.yeastar(peer, &endpoint, json!({ "recording": recording })).await;
        answer["random"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Follows a download link.
    pub async fn download(
        &self,
        peer: IpAddr,
        method: Method,
        name: &str,
        random: &str,
        token: &str,
    ) -> Answer {
        let link = format!("/api/v2.0.0/recording/download?recording={name}&random={random}&token={token}");
        self.call(peer, Request::builder().method(method).uri(link).body(Body::empty()).unwrap()).await
    }

    /// A ticket for a file of call records: of these numbers, from and to these times.
    pub async fn call_ticket(&self, peer: IpAddr, token: &str, (number, from, to): CallSpan<'_>) -> String {
        let endpoint = format!("cdr/get_random?token={token}");
        let body = json!({ "number": number, "starttime": from, "endtime": to });
        let answer = self.yeastar(peer, &endpoint, body).await;
        answer["random"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Follows a link to a file of call records.
    pub async fn call_file(
        &self,
        peer: IpAddr,
        method: Method,
        (number, from, to): CallSpan<'_>,
        random: &str,
        token: &str,
    ) -> Answer {
        let encoded = |text: &str| text.replace('+', "%2B").replace(' ', "%20");
        let link = format!(
            "/api/v2.0.0/cdr/download?number={}&starttime={}&endtime={}&random={random}&token={token}",
            encoded(number),
            encoded(from),
            encoded(to)
        );
        self.call(peer, Request::builder().method(method).uri(link).body(Body::empty()).unwrap()).await
    }

    /// Posts JSON at the P-Series door.
    pub async fn pseries_post(&self, peer: IpAddr, call: &str, body: Value) -> Value {
        let request = Request::post(format!("/openapi/v1.0/{call}")).header("user-agent", "OpenAPI");
        self.call(peer, request.body(Body::from(body.to_string())).unwrap()).await.json()
    }

    /// Calls the P-Series door with an access token; `call` ends in `?` or `&`.
    pub async fn pseries(&self, peer: IpAddr, call: &str, access_token: &str) -> Answer {
        let target = format!("/openapi/v1.0/{call}access_token={access_token}");
        let request = Request::get(target).header("user-agent", "OpenAPI");
        self.call(peer, request.body(Body::empty()).unwrap()).await
    }

    /// Gets an access and a refresh token at the P-Series door.
    pub async fn pseries_tokens(&self, peer: IpAddr, username: &str, password: &str) -> (String, String) {
        let body = json!({ "username": username, "password": password });
        token_pair(&self.pseries_post(peer, "get_token", body).await)
    }

    /// The path of a new link of the P-Series door.
    pub async fn pseries_link(&self, peer: IpAddr, call: &str, access_token: &str) -> String {
        let answer = self.pseries(peer, call, access_token).await.json();
        answer["download_resource_url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

/// Access and refresh token in an answer of the P-Series door.
pub fn token_pair(answer: &Value) -> (String, String) {
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text("access_token"), text("refresh_token"))
}

async fn ports(
    folder: &TempDir,
    catalog: &Arc<dyn Catalog>,
    clock: &Arc<HandClock>,
    listen: Arc<dyn ListenWriter>,
    bell: &Arc<Bell>,
) -> Ports {
    Ports {
        catalog: catalog.clone(),
        audio: Arc::new(LocalAudio::open(&folder.path().join("audio")).await.unwrap()),
        prober: Arc::new(AudioProber),
        clock: clock.clone(),
        random: Arc::new(OsRandom),
        passwords: Arc::new(QuickHasher),
        listen,
        reporting: bell.clone(),
    }
}

/// In memory where the system has a place for that: what these tests ask is logic, and durability has tests of its own.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").unwrap_or_else(|_| TempDir::new().unwrap())
}

/// The value of an `Authorization` header for a person with the password `password`.
pub fn basic(username: &str) -> String {
    format!("Basic {}", base64_simd::STANDARD.encode_to_string(format!("{username}:password")))
}
