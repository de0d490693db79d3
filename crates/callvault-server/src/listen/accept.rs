//! One loop per socket: a permit, a connection, a task.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use rustix::io::Errno;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tower::Service;

use super::connection::{self, Opened};
use super::lanes::Lanes;
use super::stay::Stay;
use super::{Admission, Shared, Socket};

/// How long to wait when the system has no room for another connection.
const OUT_OF_ROOM_PAUSE: Duration = Duration::from_millis(500);

/// A client that vanished without a word is noticed after two minutes, or the stall time-out if that is longer.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(60))
    .with_interval(Duration::from_secs(15))
    .with_retries(4);

/// Accepts until the server stops; the socket is closed, and a control socket removed, at the end.
pub(super) async fn run<S, B>(
    socket: Socket,
    service: S,
    shared: Arc<Shared>,
    lanes: Arc<Lanes>,
    connections: TaskTracker,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let slots = match &socket {
        Socket::Tcp { .. } => &shared.clients,
        Socket::Control { .. } => &shared.administrators,
    };
    // Dropping the server's future cancels `cut` alone.
    while let Some(Some((permit, admission, opened))) =
        shared.cut.run_until_cancelled(shared.stop.run_until_cancelled(next(&socket, slots, &shared))).await
    {
        let (service, shared) = (service.clone(), shared.clone());
        let handed_over = match opened.hand_over() {
            Ok(handed_over) => handed_over,
            Err(error) => {
                tracing::error!(%error, "a connection could not be handed to a lane");
                continue;
            }
        };
        let stay = Stay::new(permit, admission, connections.token(), shared.cut.clone());
        lanes.spawn(&connections, move || async move {
            match handed_over.take_over() {
                Ok(opened) => connection::run(opened, service, shared, stay).await,
                Err(error) => tracing::error!(%error, "a connection could not be taken over by a lane"),
            }
        });
    }
    if let Socket::Control { path, .. } = &socket {
        remove(path);
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs_err::remove_file(path) {
        tracing::warn!(%error, "the control socket could not be removed");
    }
}

async fn next(
    socket: &Socket,
    slots: &Arc<Semaphore>,
    shared: &Shared,
) -> (OwnedSemaphorePermit, Option<Admission>, Opened) {
    let permit = slots.clone().acquire_owned().await.expect("the semaphore is never closed");
    loop {
        let opened = match socket {
            Socket::Tcp { listener, protocol, .. } => listener.accept().await.and_then(|(stream, peer)| {
                let Some(admission) = shared.admit(peer.ip()) else { return Ok(None) };
                prepare(&stream, shared.settings.stall_timeout)?;
                let local = stream.local_addr()?;
                Ok(Some((Some(admission), Opened::Tcp { stream, protocol: *protocol, peer, local })))
            }),
            Socket::Control { listener, .. } => listener
                .accept()
                .await
                .and_then(|(stream, _)| Ok(is_own(&stream)?.then_some((None, Opened::Control(stream))))),
        };
        match opened {
            Ok(Some((admission, opened))) => return (permit, admission, opened),
            Ok(None) => {}
            Err(error) if is_out_of_room(&error) => {
                tracing::error!(%error, "no room for another connection; waiting");
                tokio::time::sleep(OUT_OF_ROOM_PAUSE).await;
            }
            // The connection was gone before we had it; the next one is not concerned.
            Err(error) => {
                tracing::debug!(%error, "a connection failed before it began");
                tokio::task::yield_now().await;
            }
        }
    }
}

fn prepare(stream: &TcpStream, stall_timeout: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    // The kernel counts only the time in which nothing of what we sent is taken (tcp(7), TCP_USER_TIMEOUT),
    // so a route that has nothing to say for long is not hit. Other systems do without.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(stall_timeout))?;
    #[cfg(not(target_os = "linux"))]
    let _ = stall_timeout;
    socket.set_tcp_keepalive(&KEEPALIVE)
}

/// Whether the process at the other end belongs to our user or to root.
fn is_own(stream: &UnixStream) -> io::Result<bool> {
    let user = stream.peer_cred()?.uid();
    let own = user == 0 || user == rustix::process::geteuid().as_raw();
    if !own {
        tracing::warn!("a process of another user was turned away from the control socket");
    }
    Ok(own)
}

/// Whether the system had no room for another connection.
pub(crate) fn is_out_of_room(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_want_of_room_makes_the_loop_pause() {
        // Numbers of Linux: ENOMEM 12, ENFILE 23, EMFILE 24, ENOBUFS 105, ECONNABORTED 103, EPERM 1.
        for (number, pauses) in [(12, true), (23, true), (24, true), (105, true), (103, false), (1, false)] {
            assert_eq!(is_out_of_room(&io::Error::from_raw_os_error(number)), pauses, "{number}");
        }
        assert!(!is_out_of_room(&io::Error::other("no number")));
    }
}
