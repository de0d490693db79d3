//! How connectors write the same four calls: a table of manners, each of which is somebody's.

use std::io::{self, Read as _, Write as _};

use super::account::{Account, refused, required};
use super::wire::{Answer, Pbx, encode, md5};

/// A way to write login, heartbeat, `get_random` and the download.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Whose it is.
    pub name: &'static str,
    /// The versions in the paths of these four.
    pub versions: [&'static str; 4],
    /// What the body calls itself; no header if it is empty.
    pub content_type: &'static str,
    /// How requests are framed.
    pub framing: Framing,
    /// The body of the login; `USER`, `MD5` and `HIGH` (the same in upper case) stand for what they say.
    pub login: &'static str,
    /// The body of the heartbeat.
    pub heartbeat: &'static str,
    /// How the ticket is asked for.
    pub ticket: Ticket,
    /// How the link is followed.
    pub download: Download,
}

/// How a request is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A `Content-Length`.
    Length,
    /// None for a body that is empty, even by POST.
    LengthIfAny,
    /// Chunked, as programs that write to a stream do.
    Chunked,
    /// Head first, and the body when the server said 100, as .NET does.
    Expect,
    /// HTTP/1.0 without `Host`.
    Http10,
    /// A complete address in the request line, as if to a proxy.
    Absolute,
    /// A byte order mark before the body.
    Marked,
}

/// How the ticket is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticket {
    /// By POST, with this as `allowedip` if there is any.
    Post(Option<&'static str>),
    /// By POST, with the token in the body.
    TokenInside,
    /// By GET, with everything in the query.
    Get,
}

/// How the link is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Download {
    /// By GET, everything encoded.
    Encoded,
    /// By GET, the name as it is, and the token before the ticket.
    Raw,
    /// By GET, encoded twice.
    Twice,
    /// By GET, blanks as `+`, and a `+` as it is.
    Plus,
    /// By POST without a body.
    Post,
    /// By POST with JSON that says it all once more.
    PostJson,
}

const PLAIN: Manner = Manner {
    name: "by the guide",
    versions: ["v2.0.0"; 4],
    content_type: "application/json; charset=utf-8",
    framing: Framing::Length,
    login: r#"{"username":"USER","password":"MD5","port":"8260"}"#,
    heartbeat: r#"{"ipaddr":"127.0.0.1","port":"8260"}"#,
    ticket: Ticket::Post(None),
    download: Download::Encoded,
};

/// All of them.
pub const MANNERS: &[Manner] = &[
    PLAIN,
    Manner {
        name: "numbers for strings",
        login: r#"{"username":"USER","password":"MD5","port":8260,"urltag":0,"version":"1.0.2"}"#,
        heartbeat: r#"{"port":8260,"urlflag":0}"#,
        ticket: Ticket::Post(Some(" ")),
        ..PLAIN
    },
    Manner {
        name: "a browser that avoids the preflight",
        content_type: "text/plain",
        heartbeat: "",
        download: Download::Raw,
        ..PLAIN
    },
    Manner { name: "a form by its label", content_type: "application/x-www-form-urlencoded", ..PLAIN },
    Manner { name: "a form of many parts by its label", content_type: "multipart/form-data", ..PLAIN },
    Manner {
        name: "no type at all, no length where nothing is",
        content_type: "",
        framing: Framing::LengthIfAny,
        heartbeat: "",
        download: Download::Post,
        ..PLAIN
    },
    Manner {
        name: "port 0, empty fields",
        login: r#"{"username":"USER","password":"MD5","port":0,"url":"","urltag":"","version":null}"#,
        heartbeat: "{}",
        ticket: Ticket::Post(Some("")),
        ..PLAIN
    },
    Manner {
        name: "port empty, password in upper case",
        login: r#"{ "username" : "USER" , "password" : "HIGH" , "port" : "" }"#,
        download: Download::PostJson,
        ..PLAIN
    },
    Manner { name: "no port", login: r#"{"username":"USER","password":"HIGH"}"#, ..PLAIN },
    Manner {
        name: "every version of the path on one token",
        versions: ["v1.0.1", "v1.10", "v2.0.0", "v1.0.0"],
        ..PLAIN
    },
    Manner { name: "GET for everything", ticket: Ticket::Get, download: Download::Plus, ..PLAIN },
    Manner { name: "the token inside", ticket: Ticket::TokenInside, download: Download::Twice, ..PLAIN },
    Manner { name: "a stream of chunks", framing: Framing::Chunked, ..PLAIN },
    Manner { name: "expects to be told to go on", framing: Framing::Expect, ..PLAIN },
    Manner { name: "an old library", framing: Framing::Http10, ..PLAIN },
    Manner { name: "as if to a proxy", framing: Framing::Absolute, ..PLAIN },
    Manner { name: "a byte order mark", framing: Framing::Marked, ..PLAIN },
];

impl Manner {
    /// Logs in, beats once, and fetches a recording.
    ///
    /// # Errors
    /// When the telephone system cannot be reached, or does not understand.
    pub fn fetch(&self, account: &Account, recording: &str) -> io::Result<Vec<u8>> {
        let path = |place: usize, call: &str| format!("/api/{}/{call}", self.versions[place]);
        let password = md5(&account.password);
        let login = self.login.replace("USER", &account.username).replace("MD5", &password);
        let login = login.replace("HIGH", &password.to_uppercase());
        let token = required(&self.send(&account.pbx, "POST", &path(0, "login"), &login)?, "token")?;

        let target = format!("{}?token={token}", path(1, "heartbeat"));
        let answer = self.send(&account.pbx, "POST", &target, self.heartbeat)?;
        if answer.member("status") != "Success" {
            return Err(refused(&answer));
        }

        let name = recording.replace('"', "\\\"");
        let get_random = path(2, "recording/get_random");
        let answer = match self.ticket {
            Ticket::Post(allowed) => {
                let allowed =
                    allowed.map_or_else(String::new, |allowed| format!(r#","allowedip":"{allowed}""#));
                let body = format!(r#"{{"recording":"{name}"{allowed}}}"#);
                self.send(&account.pbx, "POST", &format!("{get_random}?token={token}"), &body)?
            }
            Ticket::TokenInside => {
                let body = format!(r#"{{"token":"{token}","recording":"{name}"}}"#);
                self.send(&account.pbx, "POST", &get_random, &body)?
            }
            Ticket::Get => {
                let target = format!("{get_random}?recording={}&token={token}", encode(recording));
                self.send(&account.pbx, "GET", &target, "")?
            }
        };
        let random = required(&answer, "random")?;

        let download = path(3, "recording/download");
        let link = |name: &str| format!("{download}?recording={name}&random={random}&token={token}");
        let answer = match self.download {
            Download::Encoded => self.send(&account.pbx, "GET", &link(&encode(recording)), "")?,
            Download::Raw => {
                let target = format!("{download}?token={token}&recording={recording}&random={random}");
                self.send(&account.pbx, "GET", &target, "")?
            }
            Download::Twice => self.send(&account.pbx, "GET", &link(&encode(&encode(recording))), "")?,
            Download::Plus => {
                let name = encode(recording).replace("%20", "+").replace("%2B", "+");
                self.send(&account.pbx, "GET", &link(&name), "")?
            }
            Download::Post => self.send(&account.pbx, "POST", &link(&encode(recording)), "")?,
            Download::PostJson => {
                let body = format!(r#"{{"recording":"{name}","random":"{random}"}}"#);
                self.send(&account.pbx, "POST", &link(&encode(recording)), &body)?
            }
        };
        if answer.header("content-type").starts_with("audio/") {
            Ok(answer.body)
        } else {
            Err(refused(&answer))
        }
    }

    fn send(&self, pbx: &Pbx, method: &str, target: &str, body: &str) -> io::Result<Answer> {
        let place = match self.framing {
            Framing::Absolute => format!("http://{}{target}", pbx.address()),
            _ => target.to_owned(),
        };
        let mut head = match self.framing {
            Framing::Http10 => format!("{method} {place} HTTP/1.0\r\n"),
            _ => format!("{method} {place} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", pbx.address()),
        };
        if !self.content_type.is_empty() {
            head.push_str(&format!("Content-Type: {}\r\n", self.content_type));
        }
        let (frame, body) = match self.framing {
            _ if method == "GET" => (String::new(), String::new()),
            Framing::LengthIfAny if body.is_empty() => (String::new(), String::new()),
            Framing::Chunked => ("Transfer-Encoding: chunked\r\n".to_owned(), chunked(body)),
            Framing::Marked if !body.is_empty() => {
                let body = format!("\u{feff}{body}");
                (format!("Content-Length: {}\r\n", body.len()), body)
            }
            Framing::Expect => {
                (format!("Content-Length: {}\r\nExpect: 100-continue\r\n", body.len()), body.to_owned())
            }
            _ => (format!("Content-Length: {}\r\n", body.len()), body.to_owned()),
        };
        let head = format!("{head}{frame}\r\n");
        if self.framing == Framing::Expect && !body.is_empty() {
            return expect(pbx, &head, &body);
        }
        pbx.exchange(format!("{head}{body}").as_bytes())
    }
}

/// A body in pieces of seven characters.
fn chunked(body: &str) -> String {
    let characters: Vec<char> = body.chars().collect();
    let pieces = characters.chunks(7).map(|piece| {
        let text: String = piece.iter().collect();
        format!("{:x}\r\n{text}\r\n", text.len())
    });
    pieces.chain(["0\r\n\r\n".to_owned()]).collect()
}

/// Sends the body when the server said that it wants it.
fn expect(pbx: &Pbx, head: &str, body: &str) -> io::Result<Answer> {
    const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut stream = pbx.connect()?;
    stream.write_all(head.as_bytes())?;
    let mut interim = [0; GO_ON.len()];
    stream.read_exact(&mut interim)?;
    if interim != GO_ON {
        return Err(io::Error::other(format!("no interim answer: {:?}", String::from_utf8_lossy(&interim))));
    }
    stream.write_all(body.as_bytes())?;
    Answer::read(stream, false)
}
