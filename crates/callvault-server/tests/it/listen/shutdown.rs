//! The end of a server: what may finish, what is closed, what is cut.

use super::*;

/// Starts a download and reads its first half.
async fn download(server: &Running) -> TcpStream {
    let mut stream = server.connect().await;
    ask(&mut stream, "/download").await;
    read_until(&mut stream, "first ").await;
    stream
}

#[tokio::test]
async fn a_running_download_finishes_and_idle_connections_close() {
    let server = Start::default().run().await;
    let mut running = download(&server).await;
    let mut idle = server.connect().await;
    ask(&mut idle, "/").await;
    read_until(&mut idle, "client=").await;
    let mut silent = server.connect().await;

    let (gate, address) = (server.gate.clone(), server.address);
    server.stop.cancel();
    // Both come to their end while the download is still waiting for its second half.
    read_all(&mut idle).await;
    assert_eq!(read_all(&mut silent).await, "");
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    patiently(refused).await;
    assert!(!server.ended.is_finished());

    gate.add_permits(1);
    let rest = read_all(&mut running).await;
    assert!(rest.contains("second") && rest.ends_with("0\r\n\r\n"), "{rest:?}");
    assert_eq!(server.shutdown().await, Shutdown { cut: 0 });
}

#[tokio::test]
async fn what_takes_longer_than_the_grace_is_cut_and_counted() {
    let server = Start { grace: Duration::from_millis(50), ..Start::default() }.run().await;
    let mut streams = [download(&server).await, download(&server).await];
    let metrics = server.metrics.clone();
    assert_eq!(server.shutdown().await, Shutdown { cut: 2 });
    for stream in &mut streams {
        let rest = read_all(stream).await;
        assert!(!rest.ends_with("0\r\n\r\n"), "a cut download must not look whole: {rest:?}");
    }
    assert!(metrics.render().contains("callvault_connections{protocol=\"http\"} 0"));
}

#[tokio::test]
async fn dropping_the_server_leaves_nothing_behind() {
    let server = Start::default().run().await;
    let mut stream = download(&server).await;
    server.ended.abort();
    let rest = read_all(&mut stream).await;
    assert!(!rest.contains("second"));
    let refused = async {
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    patiently(refused).await;
}
