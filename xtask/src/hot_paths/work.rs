//! The hot paths: what is asked on each, and that the answer is one that did the work.

use anyhow::{Context, bail};
use callvault_trial::audio::wave_file;
use callvault_trial::installation::{CALLER, CONNECTOR, Installation, PASSWORD, PASSWORD_MD5, Size};
use serde_json::Value;

use super::client::{Answer, Client};

/// A quarter of a second of 16-bit telephone audio: what is left is the work for the request itself.
const SHORT: Size = Size { name: "4KiB", bytes: 4096, level: 1 };

/// Half a minute, of which the work for each byte shows.
const CALL: Size = Size { name: "480KB", bytes: 480_000, level: 2 };

/// Three minutes, to take parts of.
const LONG: Size = Size { name: "3MB", bytes: 3_000_000, level: 3 };

/// All of them.
pub(super) const SIZES: [Size; 3] = [SHORT, CALL, LONG];

/// The part of a large recording that a player asks for at a time.
const PART_BYTES: usize = 64 * 1024;

/// One hot path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HotPath {
    /// `recording/get_random`, then `recording/download` of 4 KiB: two requests, one ticket.
    YeastarFlow,
    /// `huntgroups/files/download` of 4 KiB with `wrap=none`, by name and password.
    EnswitchNone,
    /// The same of 480 KB with `encoding=base64`.
    EnswitchBase64,
    /// The same of 480 KB with `encoding=raw`.
    EnswitchRaw,
    /// A `Range` of 64 KiB of a recording of 3 MB, with an API key.
    Range,
    /// A durable upload of 480 KB by `PUT`, with an API key: hashing, nearly all of it.
    Upload,
    /// The same of 4 KiB, where what is done once for each upload shows.
    ShortUpload,
}

impl HotPath {
    /// All of them, in the order in which they are measured.
    pub(super) const ALL: [HotPath; 7] = [
        HotPath::YeastarFlow,
        HotPath::EnswitchNone,
        HotPath::EnswitchBase64,
        HotPath::EnswitchRaw,
        HotPath::Range,
        HotPath::Upload,
        HotPath::ShortUpload,
    ];

    /// As it stands in the file of bounds.
    pub(super) fn name(self) -> &'static str {
        match self {
            HotPath::YeastarFlow => "yeastar-flow-4KiB",
            HotPath::EnswitchNone => "enswitch-none-4KiB",
            HotPath::EnswitchBase64 => "enswitch-base64-480KB",
            HotPath::EnswitchRaw => "enswitch-raw-480KB",
            HotPath::Range => "recording-range-64KiB",
            HotPath::Upload => "recording-upload-480KB",
            HotPath::ShortUpload => "recording-upload-4KiB",
        }
    }

    /// How often it is done while instructions are counted.
    pub(super) fn pieces(self) -> u32 {
        match self {
            HotPath::YeastarFlow | HotPath::EnswitchNone | HotPath::Range => 200,
            HotPath::EnswitchBase64 | HotPath::EnswitchRaw => 40,
            HotPath::Upload => 20,
            HotPath::ShortUpload => 100,
        }
    }

    /// Bytes of audio that one piece of work moves.
    pub(super) fn audio_bytes(self) -> usize {
        match self {
            HotPath::YeastarFlow | HotPath::EnswitchNone | HotPath::ShortUpload => SHORT.bytes,
            HotPath::EnswitchBase64 | HotPath::EnswitchRaw | HotPath::Upload => CALL.bytes,
            HotPath::Range => PART_BYTES,
        }
    }
}

/// A client that has logged in and does pieces of work, one after the other.
pub(super) struct Worker<'a> {
    client: Client,
    installation: &'a Installation,
    token: String,
    /// The files of 4 KiB and of 480 KB.
    uploads: [Vec<u8>; 2],
    uploaded: u32,
}

impl<'a> Worker<'a> {
    /// Logs in where a path wants a session.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) fn log_in(mut client: Client, installation: &'a Installation) -> anyhow::Result<Worker<'a>> {
        let body = format!(r#"{{"username":"{CONNECTOR}","password":"{PASSWORD_MD5}","port":"8260"}}"#);
        let answer = client.exchange("POST", "/api/v2.0.0/login", "", body.as_bytes())?;
        let token = member(&answer, "token").context("login")?;
        Ok(Worker {
            client,
            installation,
            token,
            uploads: [SHORT, CALL].map(|size| wave_file(size.bytes)),
            uploaded: 0,
        })
    }

    /// Does one piece of work.
    ///
    /// # Errors
    /// When the answer is not the one that is measured.
    pub(super) fn piece(&mut self, path: HotPath) -> anyhow::Result<()> {
        match path {
            HotPath::YeastarFlow => self.yeastar_flow(),
            HotPath::EnswitchNone => self.enswitch(SHORT, "&wrap=none", SHORT.bytes..=SHORT.bytes),
            // Four characters for three bytes, and the envelope.
            HotPath::EnswitchBase64 => {
                self.enswitch(CALL, "&encoding=base64", CALL.bytes / 3 * 4..=CALL.bytes / 3 * 4 + 1000)
            }
            // Six characters at most for a byte.
            HotPath::EnswitchRaw => self.enswitch(CALL, "&encoding=raw", CALL.bytes..=CALL.bytes * 6),
            HotPath::Range => self.range(),
            HotPath::Upload => self.upload(CALL),
            HotPath::ShortUpload => self.upload(SHORT),
        }
    }

    fn yeastar_flow(&mut self) -> anyhow::Result<()> {
        let (token, recording) = (&self.token, Installation::recording(SHORT));
        let target = format!("/api/v2.0.0/recording/get_random?token={token}");
        let body = format!(r#"{{"recording":"{recording}"}}"#);
        let random = member(&self.client.exchange("POST", &target, "", body.as_bytes())?, "random")?;
        let target =
            format!("/api/v2.0.0/recording/download?recording={recording}&random={random}&token={token}");
        expect(&self.client.exchange("GET", &target, "", b"")?, 200, SHORT.bytes..=SHORT.bytes)
    }

    fn enswitch(
        &mut self,
        size: Size,
        form: &str,
        bytes: std::ops::RangeInclusive<usize>,
    ) -> anyhow::Result<()> {
        let (huntgroup, level) = (self.installation.huntgroup(), size.level);
        let body = format!(
            "auth_username={CALLER}&auth_password={PASSWORD}&huntgroup={huntgroup}&level={level}{form}"
        );
        let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
        let target = "/api/json/huntgroups/files/download/";
        expect(&self.client.exchange("POST", target, headers, body.as_bytes())?, 200, bytes)
    }

    fn range(&mut self) -> anyhow::Result<()> {
        let target = format!("/api/v1/recordings/{}/audio", Installation::recording(LONG));
        let (first, last) = (LONG.bytes / 2, LONG.bytes / 2 + PART_BYTES - 1);
        let key = self.installation.key();
        let headers = format!("Authorization: Bearer {key}\r\nRange: bytes={first}-{last}\r\n");
        expect(&self.client.exchange("GET", &target, &headers, b"")?, 206, PART_BYTES..=PART_BYTES)
    }

    /// Under a new name each time: the same bytes under the same name would be acknowledged without being kept again.
    fn upload(&mut self, size: Size) -> anyhow::Result<()> {
        self.uploaded += 1;
        let [short, call] = &self.uploads;
        let file = if size.bytes == SHORT.bytes { short } else { call };
        let target = format!("/api/v1/recordings/guard-{:06}.wav", self.uploaded);
        let headers = format!("Authorization: Bearer {}\r\n", self.installation.key());
        expect(&self.client.exchange("PUT", &target, &headers, file)?, 201, 1..=2000)
    }
}

/// A member of the answer of a dialect that answers JSON.
fn member(answer: &Answer, name: &str) -> anyhow::Result<String> {
    let json: Value = serde_json::from_slice(&answer.body).context("the answer is not JSON")?;
    Ok(json[name].as_str().with_context(|| format!("no {name}: {}", beginning(&answer.body)))?.to_owned())
}

fn expect(answer: &Answer, status: u16, bytes: std::ops::RangeInclusive<usize>) -> anyhow::Result<()> {
    if answer.status != status || !bytes.contains(&answer.body.len()) {
        bail!(
            "status {} with {} bytes instead of {status} with {bytes:?}: {}",
            answer.status,
            answer.body.len(),
            beginning(&answer.body)
        );
    }
    Ok(())
}

/// The first bytes of an answer as text, for an error.
fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned()
}
