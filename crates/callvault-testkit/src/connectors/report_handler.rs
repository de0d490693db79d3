//! The connector that fetches a recording inside the handler of its `NewCdr` report, and says 200 when it has it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use serde_json::Value;

use super::account::{Account, link};
use super::receiver::{Receiver, Reply, ReportKey};
use super::wire::Answer;

/// How often it asks the telephone system for one thing, a login after a refused token included.
const TRIES: u32 = 2;

/// A report as it came, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it is known again by.
    pub key: ReportKey,
    /// The whole body.
    pub body: Vec<u8>,
    /// Nothing while the handler is at work.
    pub outcome: Option<Outcome>,
}

/// How handling a report ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The recording was fetched and found good, or the call has none: 200.
    Taken,
    /// The telephone system was gone in the middle of it: 500, or no answer.
    Gone(String),
    /// The telephone system answered and gave no recording: 500.
    Refused(String),
    /// What was fetched is not what it should be: 500.
    Wrong(String),
}

/// Says what is wrong with the bytes of a recording, by its name.
type Inspect = dyn Fn(&str, &[u8]) -> Result<(), String> + Send + Sync;

struct State {
    account: Account,
    /// Where its reports go; known as soon as its port is open.
    reports: OnceLock<SocketAddr>,
    inspect: Box<Inspect>,
    session: Mutex<Session>,
    told: Mutex<Vec<Told>>,
    /// Rings when the outcome of a report is known.
    ended: Condvar,
}

#[derive(Default)]
struct Session {
    token: String,
    logins: u32,
}

/// A running one. It ends when it is dropped.
pub struct ReportHandler {
    state: Arc<State>,
    receiver: Receiver,
}

impl ReportHandler {
    /// Opens its port and logs in for reports to it. `inspect` gets name and bytes of each recording before the report is
    /// answered.
    ///
    /// # Errors
    /// When it cannot log in.
    pub fn start(
        account: Account,
        inspect: impl Fn(&str, &[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let state = State {
            account,
            reports: OnceLock::new(),
            inspect: Box::new(inspect),
            session: Mutex::default(),
            told: Mutex::default(),
            ended: Condvar::new(),
        };
        let state = Arc::new(state);
        let handling = state.clone();
        let receiver = Receiver::start(move |body| handling.handle(body));
        state.reports.set(receiver.address()).unwrap();
        let token = state.log_in()?;
        *locked(&state.session) = Session { token, logins: 1 };
        Ok(Self { state, receiver })
    }

    /// Every report so far, repeats included, in the order in which they came.
    pub fn told(&self) -> Vec<Told> {
        locked(&self.state.told).clone()
    }

    /// Blocks until so many reports were taken, but no longer than `longest`; says how many are.
    pub fn wait_taken(&self, wanted: usize, longest: Duration) -> usize {
        let taken = |told: &[Told]| told.iter().filter(|one| one.outcome == Some(Outcome::Taken)).count();
        let told = locked(&self.state.told);
        let (told, _) =
            self.state.ended.wait_timeout_while(told, longest, |told| taken(told) < wanted).unwrap();
        taken(&told)
    }

    /// How many reports came so far.
    pub fn count(&self) -> usize {
        locked(&self.state.told).len()
    }

    /// How often it logged in.
    pub fn logins(&self) -> u32 {
        locked(&self.state.session).logins
    }

    /// Where its reports go.
    pub fn address(&self) -> SocketAddr {
        self.receiver.address()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// Why there is no recording.
enum Failure {
    Gone(io::Error),
    Refused(String),
    Wrong(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl State {
    fn log_in(&self) -> io::Result<String> {
        self.account.log_in_for_reports(*self.reports.wait())
    }

    fn handle(&self, body: &[u8]) -> Reply {
        let report: Value = serde_json::from_slice(body).unwrap_or_default();
        let place = {
            let mut told = locked(&self.told);
            told.push(Told { key: ReportKey::of(&report), body: body.to_vec(), outcome: None });
            told.len() - 1
        };
        let name = report["recording"].as_str().unwrap_or_default();
        let fetched = if name.is_empty() { Ok(()) } else { self.fetch(name) };
        let (outcome, reply) = match fetched {
            Ok(()) => (Outcome::Taken, Reply::Status(200)),
            // Both are seen: a handler whose error is caught, and one that dies of it.
            Err(Failure::Gone(error)) if place % 2 == 0 => (Outcome::Gone(error.to_string()), Reply::Close),
            Err(Failure::Gone(error)) => (Outcome::Gone(error.to_string()), Reply::Status(500)),
            Err(Failure::Refused(answer)) => (Outcome::Refused(answer), Reply::Status(500)),
            Err(Failure::Wrong(reason)) => (Outcome::Wrong(reason), Reply::Status(500)),
        };
        locked(&self.told)[place].outcome = Some(outcome);
        self.ended.notify_all();
        reply
    }

    fn fetch(&self, name: &str) -> Result<(), Failure> {
        let (token, ticket) = self.with_token(|token| self.account.ask_for_ticket(token, name, None))?;
        let random = ticket.member("random");
        if random.is_empty() {
            return Err(Failure::Refused(ticket.text()));
        }
        let audio = self.account.pbx.get(&link(name, &random, &token))?;
        if audio.header("content-type") == "application/json" {
            return Err(Failure::Refused(audio.text()));
        }
        (self.inspect)(name, &audio.body).map_err(Failure::Wrong)
    }

    /// Asks with the token; logs in again if it is refused.
    fn with_token(&self, ask: impl Fn(&str) -> io::Result<Answer>) -> io::Result<(String, Answer)> {
        let mut tries = 0;
        loop {
            let token = locked(&self.session).token.clone();
            let answer = ask(&token)?;
            tries += 1;
            if tries == TRIES || !["20004", "20005", "20006"].contains(&answer.member("errno").as_str()) {
                return Ok((token, answer));
            }
            // A handler of its own that saw the same refusal may have been here first.
            let mut session = locked(&self.session);
            if session.token == token {
                session.token = self.log_in()?;
                session.logins += 1;
            }
        }
    }
}
