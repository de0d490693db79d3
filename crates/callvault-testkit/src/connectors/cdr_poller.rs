//! A connector that fetches the file of call records again and again, with windows that overlap, and keeps one row for each
//! `callid`. It splits rows at bare commas and wants fourteen columns.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::account::{Account, refused, required};
use super::wire::{Answer, Pbx, post};

/// The first line, as it was on a real device.
const HEADER: &str = "callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,\
    pincode,recording,didnumber,sn";

/// The types of call that it knows; others are dropped.
const KINDS: [&str; 3] = ["Inbound", "Outbound", "Internal"];

/// How it writes the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// By GET, a blank in a time as `%20`.
    Percent,
    /// By GET, a blank as `+`.
    Plus,
    /// By GET, a blank as it is.
    Raw,
    /// By POST to the link, as one browser client does, with a blank as `%20`.
    Posted,
}

/// What it keeps between polls.
#[derive(Debug)]
pub struct Poller {
    account: Account,
    link: Link,
    /// What it asks for: extensions, or `all`.
    numbers: Value,
    token: String,
    /// One row for each call id.
    pub rows: BTreeMap<String, Vec<String>>,
    /// Rows that it had already.
    pub again: usize,
    /// Rows without a call id, or of a type that it does not know.
    pub dropped: usize,
}

impl Poller {
    /// Logs in.
    ///
    /// # Errors
    /// When the telephone system cannot be reached, or refuses.
    pub fn start(account: Account, link: Link, numbers: Value) -> io::Result<Self> {
        let token = account.log_in()?;
        Ok(Self { account, link, numbers, token, rows: BTreeMap::new(), again: 0, dropped: 0 })
    }

    /// Fetches what began in a window, both ends included.
    ///
    /// # Errors
    /// When the telephone system cannot be reached or refuses, and when the file is none that this connector can read.
    pub fn poll(&mut self, from: &str, to: &str) -> io::Result<()> {
        let body = json!({ "number": self.numbers, "starttime": from, "endtime": to });
        let ticket = self.account.call("cdr/get_random", &self.token, &body)?;
        let random = required(&ticket, "random")?;
        let written = |time: &str| match self.link {
            Link::Percent | Link::Posted => time.replace(' ', "%20"),
            Link::Plus => time.replace(' ', "+"),
            Link::Raw => time.to_owned(),
        };
        let number = match &self.numbers {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let token = &self.token;
        let target = format!(
            "/api/v2.0.0/cdr/download?number={number}&starttime={}&endtime={}&token={token}&random={random}",
            written(from),
            written(to)
        );
        let answer = fetch(&self.account.pbx, self.link, &target)?;
        self.take(&answer)
    }

    fn take(&mut self, answer: &Answer) -> io::Result<()> {
        let text = answer.text();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        if answer.status != 200 || lines.next() != Some(HEADER) {
            return Err(refused(answer));
        }
        for line in lines {
            let columns: Vec<String> = line.split(',').map(str::to_owned).collect();
            if columns.len() != 14 {
                return Err(io::Error::other(format!("a row of {} columns: {line}", columns.len())));
            }
            if columns[0].is_empty() || !KINDS.contains(&columns[9].as_str()) {
                self.dropped += 1;
            } else if self.rows.insert(columns[0].clone(), columns).is_some() {
                self.again += 1;
            }
        }
        Ok(())
    }
}

fn fetch(pbx: &Pbx, link: Link, target: &str) -> io::Result<Answer> {
    match link {
        Link::Posted => pbx.exchange(post(target, "application/x-www-form-urlencoded", "").as_bytes()),
        Link::Percent | Link::Plus | Link::Raw => pbx.get(target),
    }
}
