//! HTTP(S): dialect routes, our own API, TLS, background work, telemetry, shutdown.
