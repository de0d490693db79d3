//! A proxy between a connector and the telephone system that logs request lines, as most do: tokens stand in them.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::wire::Pbx;

/// A running one; it ends with the process. One request goes over a connection.
#[derive(Debug)]
pub struct LoggingProxy {
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl LoggingProxy {
    /// On a free port of 127.0.0.1, in front of a telephone system.
    pub fn start(pbx: Pbx) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let writing = log.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (pbx, log) = (pbx.clone(), writing.clone());
                // A connection that breaks is its client's matter.
                std::thread::spawn(move || client.and_then(|client| pass(client, &pbx, &log)));
            }
        });
        Self { address, log }
    }

    /// The telephone system, by way of this.
    pub fn pbx(&self) -> Pbx {
        Pbx::at(self.address)
    }

    /// The targets that it logged.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

fn pass(mut client: TcpStream, pbx: &Pbx, log: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut first = vec![0; 16 * 1024];
    // The clients here send head and body in one write.
    let length = client.read(&mut first)?;
    let text = String::from_utf8_lossy(&first[..length]).into_owned();
    let target = text.split(' ').nth(1).unwrap_or_default();
    log.lock().unwrap().push(target.to_owned());
    let mut server = pbx.connect()?;
    server.write_all(&first[..length])?;
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// The value of a parameter in a target that was logged.
pub fn parameter<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    let query = target.split_once('?')?.1;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}
