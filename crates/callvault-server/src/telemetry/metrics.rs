//! The numbers of `/metrics`, as typed methods over one registry of their own.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the request times that are counted, in seconds. A download lasts as long as its client
/// reads, so the last bounds are minutes.
const SECONDS: [f64; 13] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];

/// What happened to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketEvent {
    /// It was handed out.
    Issued,
    /// It was used.
    Redeemed,
    /// It was not honoured.
    Refused,
}

impl EncodeLabelValue for TicketEvent {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        let text = match self {
            Self::Issued => "issued",
            Self::Redeemed => "redeemed",
            Self::Refused => "refused",
        };
        EncodeLabelValue::encode(&text, encoder)
    }
}

/// What became of an attempt to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportEvent {
    /// The target took it.
    Delivered,
    /// It goes again.
    Failed,
    /// It was set aside.
    Parked,
}

impl EncodeLabelValue for ReportEvent {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        let text = match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Parked => "parked",
        };
        EncodeLabelValue::encode(&text, encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReportLabels {
    channel: &'static str,
    event: ReportEvent,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: Cow<'static, str>,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Cow<'static, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DoorLabels {
    door: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TicketLabels {
    door: &'static str,
    event: TicketEvent,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProtocolLabels {
    protocol: &'static str,
}

/// All metrics of one server. Its name for a door is the word of the dialect or API (`yeastar`, `api`).
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
    bytes_sent: Family<DoorLabels, Counter>,
    tickets: Family<TicketLabels, Counter>,
    login_failures: Family<DoorLabels, Counter>,
    active_downloads: Gauge,
    connections: Family<ProtocolLabels, Gauge>,
    reports: Family<ReportLabels, Counter>,
    targets_waiting: Gauge,
    recordings_expired: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// The media type of what [`Metrics::render`] returns.
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// All counters at nothing.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("callvault");
        let requests = Family::default();
        registry.register(
            "http_requests",
            "Requests answered, by route and class of status",
            requests.clone(),
        );
        let request_seconds: Family<RouteLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register_with_unit(
            "http_request",
            "Time from a request to the end of its answer",
            Unit::Seconds,
            request_seconds.clone(),
        );
        let bytes_sent = Family::default();
        registry.register_with_unit("audio_sent", "Audio sent to clients", Unit::Bytes, bytes_sent.clone());
        let tickets = Family::default();
        registry.register("tickets", "Tickets issued, redeemed and refused", tickets.clone());
        let login_failures = Family::default();
        registry.register("login_failures", "Logins that failed", login_failures.clone());
        let active_downloads = Gauge::default();
        registry.register("active_downloads", "Audio being sent now", active_downloads.clone());
        let connections = Family::default();
        registry.register("connections", "Connections open now", connections.clone());
        let reports = Family::default();
        registry.register(
            "reports",
            "Attempts to report: delivered, failed (tried again) and parked",
            reports.clone(),
        );
        let targets_waiting = Gauge::default();
        registry.register(
            "report_targets_waiting",
            "Targets for which reports wait, those without a live session included",
            targets_waiting.clone(),
        );
        let recordings_expired = Counter::default();
        registry.register(
            "recordings_expired",
            "Recordings that were deleted because their time was over",
            recordings_expired.clone(),
        );
        Self {
            registry,
            requests,
            request_seconds,
            bytes_sent,
            tickets,
            login_failures,
            active_downloads,
            connections,
            reports,
            targets_waiting,
            recordings_expired,
        }
    }

    /// Counts one answered request. `route` is the pattern of the route, never the path.
    pub fn request(&self, route: Cow<'static, str>, status: StatusCode, took: Duration) {
        let class = match status.as_u16() / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        self.requests.get_or_create(&RequestLabels { route: route.clone(), status: class }).inc();
        self.request_seconds.get_or_create(&RouteLabels { route: route.clone() }).observe(took.as_secs_f64());
    }

    /// Counts bytes of audio that left through a door.
    pub fn bytes_sent(&self, door: &'static str, bytes: u64) {
        self.bytes_sent.get_or_create(&DoorLabels { door }).inc_by(bytes);
    }

    /// Counts what happened to a ticket.
    pub fn ticket(&self, door: &'static str, event: TicketEvent) {
        self.tickets.get_or_create(&TicketLabels { door, event }).inc();
    }

    /// Counts a failed login.
    pub fn login_failed(&self, door: &'static str) {
        self.login_failures.get_or_create(&DoorLabels { door }).inc();
    }

    /// Counts what became of an attempt to report. `channel` is `http` or `tcp`.
    pub fn report(&self, channel: &'static str, event: ReportEvent) {
        self.reports.get_or_create(&ReportLabels { channel, event }).inc();
    }

    /// Says for how many targets reports wait.
    pub fn targets_waiting(&self, targets: usize) {
        self.targets_waiting.set(i64::try_from(targets).unwrap_or(i64::MAX));
    }

    /// Counts recordings that were deleted because their time was over.
    pub fn recordings_expired(&self, recordings: u64) {
        self.recordings_expired.inc_by(recordings);
    }

    /// Counts a download as active until the guard is dropped.
    pub fn download_started(&self) -> ActiveDownload {
        self.active_downloads.inc();
        ActiveDownload(self.active_downloads.clone())
    }

    /// Counts a connection as open until the guard is dropped. `protocol` is `http`, `https`, `control` or
    /// `tcp-reports`.
    pub fn connection_opened(&self, protocol: &'static str) -> OpenConnection {
        let gauge = self.connections.get_or_create_owned(&ProtocolLabels { protocol });
        gauge.inc();
        OpenConnection(gauge)
    }

    /// All metrics in the OpenMetrics text format, which Prometheus reads.
    pub fn render(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string cannot fail");
        text
    }
}

/// A download that is being sent; dropping it ends the count.
#[derive(Debug)]
pub struct ActiveDownload(Gauge);

impl Drop for ActiveDownload {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A connection that is open; dropping it ends the count.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metrics: &Metrics, line: &str) {
        let text = metrics.render();
        assert!(text.lines().any(|found| found == line), "no line {line:?} in\n{text}");
    }

    #[test]
    fn everything_counted_is_rendered_as_openmetrics() {
        let metrics = Metrics::new();
        let login = || Cow::Borrowed("/api/{version}/login");
        metrics.request(login(), StatusCode::OK, Duration::from_millis(30));
        metrics.request(login(), StatusCode::NO_CONTENT, Duration::from_secs(20));
        metrics.request(login(), StatusCode::NOT_FOUND, Duration::from_millis(2));
        metrics.bytes_sent("yeastar", 1000);
        metrics.bytes_sent("yeastar", 24);
        metrics.ticket("yeastar", TicketEvent::Refused);
        metrics.login_failed("enswitch");
        metrics.report("http", ReportEvent::Delivered);
        metrics.report("http", ReportEvent::Delivered);
        metrics.report("tcp", ReportEvent::Parked);
        metrics.targets_waiting(3);
        metrics.recordings_expired(2);

        let route = r#"route="/api/{version}/login""#;
        check(&metrics, &format!("callvault_http_requests_total{{{route},status=\"2xx\"}} 2"));
        check(&metrics, &format!("callvault_http_requests_total{{{route},status=\"4xx\"}} 1"));
        check(&metrics, &format!("callvault_http_request_seconds_count{{{route}}} 3"));
        check(&metrics, &format!("callvault_http_request_seconds_bucket{{le=\"0.05\",{route}}} 2"));
        check(&metrics, "callvault_audio_sent_bytes_total{door=\"yeastar\"} 1024");
        check(&metrics, "callvault_tickets_total{door=\"yeastar\",event=\"refused\"} 1");
        check(&metrics, "callvault_login_failures_total{door=\"enswitch\"} 1");
        check(&metrics, "callvault_reports_total{channel=\"http\",event=\"delivered\"} 2");
        check(&metrics, "callvault_reports_total{channel=\"tcp\",event=\"parked\"} 1");
        check(&metrics, "callvault_report_targets_waiting 3");
        check(&metrics, "callvault_recordings_expired_total 2");
        assert!(metrics.render().ends_with("# EOF\n"));
    }

    #[test]
    fn guards_count_what_is_open() {
        let metrics = Metrics::new();
        let first = metrics.download_started();
        let second = metrics.download_started();
        let connection = metrics.connection_opened("https");
        check(&metrics, "callvault_active_downloads 2");
        check(&metrics, "callvault_connections{protocol=\"https\"} 1");
        drop((first, second, connection));
        check(&metrics, "callvault_active_downloads 0");
        check(&metrics, "callvault_connections{protocol=\"https\"} 0");
    }

    #[test]
    fn two_servers_count_apart() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.login_failed("api");
        check(&one, "callvault_login_failures_total{door=\"api\"} 1");
        assert!(!other.render().contains("door=\"api\""));
    }
}
