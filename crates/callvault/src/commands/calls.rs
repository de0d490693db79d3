//! `call`: call records taken in from CSV files, and listed.
//!
//! Promises of the import: memory is bounded whatever the file holds; a line that cannot be read costs no other line;
//! the same file again adds nothing.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use anyhow::Context as _;
use callvault_core::call::NewCall;
use callvault_core::time::Zone;
use callvault_phone::numbers::NumberPlan;
use callvault_phone::{asterisk, mapped};
use callvault_wire::yeastar::cdr::read as yeastar;
use serde_json::{Value, json};

use super::{Outcome, of_customers, print_list, without_nulls};
use crate::arguments::{CallCommand, CallFormat, CallImportArguments};
use crate::client::{ApiClient, Route};
use crate::failure::hinted;
use crate::printer::{Column, Printer, column, printable};

const CALLS: &[Column] = &[
    column("STARTED", "started_at"),
    column("CUSTOMER", "customer"),
    column("FROM", "from"),
    column("TO", "to"),
    column("SECONDS", "call_seconds"),
    column("TALK", "talk_seconds"),
    column("STATUS", "status"),
    column("KIND", "kind"),
    column("CALL ID", "call_id"),
    column("RECORDING", "recording"),
];

/// How many calls are sent at once; the API takes twice as many.
const BATCH: usize = 500;

/// The longest line. A quote that nobody closes would else put the rest of the file into one.
const LONGEST_LINE_BYTES: u64 = 1 << 20;

pub(super) async fn run(client: &ApiClient, command: CallCommand) -> anyhow::Result<Outcome> {
    match command {
        CallCommand::Import(arguments) => import(client, arguments).await,
        CallCommand::List { customer, since, until, number, recording, output } => {
            let number = (!number.is_empty()).then(|| number.join(","));
            let routes = of_customers(client, "calls", customer).await?.into_iter().map(|route| {
                route
                    .maybe("since", since.as_deref())
                    .maybe("until", until.as_deref())
                    .maybe("number", number.as_deref())
                    .maybe("recording", recording.as_deref())
            });
            print_list(client, Printer::new(output.json), CALLS, routes).await
        }
    }
}

/// What reads the lines.
enum Format {
    Yeastar(Zone),
    Asterisk(asterisk::Reader),
    Mapped(mapped::Mapping),
}

impl Format {
    /// Reads one line.
    fn call(&mut self, columns: &[&str]) -> callvault_core::Result<NewCall> {
        match self {
            Self::Yeastar(zone) => yeastar::call(columns, zone),
            Self::Asterisk(reader) => reader.call(columns),
            Self::Mapped(mapping) => mapping.call(columns),
        }
    }
}

/// How an import went so far.
struct Import<'a> {
    client: &'a ApiClient,
    printer: Printer,
    customer: i64,
    reported: bool,
    waiting: Vec<Value>,
    added: u64,
    already: u64,
    refused: u64,
}

async fn import(client: &ApiClient, arguments: CallImportArguments) -> anyhow::Result<Outcome> {
    let customer = client.get(&Route::to([&"customers", &arguments.customer])).await;
    let customer = customer.with_context(|| format!("cannot import for customer {}", arguments.customer))?;
    let zone = match &arguments.timezone {
        Some(name) => Zone::named(name).ok_or_else(|| {
            hinted(format!("there is no time zone {name:?}"), "use one such as Europe/Berlin")
        })?,
        None => {
            customer["timezone"].as_str().and_then(Zone::named).context("the customer's zone is unknown")?
        }
    };
    let format = match (arguments.format, arguments.map.is_empty()) {
        (Some(CallFormat::Mapped), true) => {
            return Err(hinted("a mapped file needs --map", "name the columns with --map FIELD=COLUMN"));
        }
        (Some(CallFormat::Yeastar | CallFormat::Asterisk), false) => {
            return Err(hinted("--map is for mapped files", "leave --format out, or give --format mapped"));
        }
        (Some(format), _) => format,
        (None, true) => CallFormat::Yeastar,
        (None, false) => CallFormat::Mapped,
    };
    let plan = NumberPlan { longest_extension: arguments.extension_digits.into() };
    let file = fs_err::File::open(&arguments.file)?;
    let mut lines = Lines::of(file);
    let mut format = match format {
        CallFormat::Yeastar => Format::Yeastar(zone),
        CallFormat::Asterisk => Format::Asterisk(asterisk::Reader::new(zone, plan)),
        CallFormat::Mapped => {
            let header = lines.next()?.context("the file is empty")?;
            let header = header.columns.map_err(|reason| anyhow::anyhow!("the header: {reason}"))?;
            let pairs = arguments.map.iter().map(|(field, title)| (field.as_str(), title.as_str()));
            Format::Mapped(mapped::Mapping::find(pairs, &header.iter().collect::<Vec<_>>(), zone, plan)?)
        }
    };
    let mut import = Import {
        client,
        printer: Printer::new(arguments.output.json),
        customer: arguments.customer,
        reported: !arguments.no_reports,
        waiting: Vec::with_capacity(BATCH),
        added: 0,
        already: 0,
        refused: 0,
    };
    // Cut off in the middle of a file, it has still told what it did.
    let whole = import.lines(&mut lines, &mut format).await;
    let whole = whole.with_context(|| format!("cannot import all of {}", arguments.file.display()));
    let Import { printer, added, already, refused, .. } = import;
    if printer.is_json() {
        printer.line(&json!({"added": added, "already": already, "refused": refused}).to_string())?;
    } else {
        printer.note(&format!("{added} added, {already} already there, {refused} refused"));
    }
    whole?;
    Ok(Outcome::fine_if(refused == 0))
}

impl Import<'_> {
    async fn lines<R: Read>(&mut self, lines: &mut Lines<R>, format: &mut Format) -> anyhow::Result<()> {
        let mut is_first = true;
        while let Some(Line { number, columns }) = lines.next()? {
            let is_first = std::mem::take(&mut is_first);
            let columns = match &columns {
                Ok(columns) => columns.iter().collect::<Vec<_>>(),
                Err(reason) => {
                    self.refuse(number, reason)?;
                    continue;
                }
            };
            if is_first && matches!(format, Format::Yeastar(_)) && yeastar::is_header(&columns) {
                continue;
            }
            match format.call(&columns) {
                Ok(call) => self.waiting.push(object(call)),
                Err(error) => self.refuse(number, &error.to_string())?,
            }
            if self.waiting.len() == BATCH {
                self.send().await?;
            }
        }
        self.send().await
    }

    fn refuse(&mut self, number: u64, reason: &str) -> io::Result<()> {
        self.refused += 1;
        let reason = printable(reason);
        self.printer.line(&if self.printer.is_json() {
            json!({"outcome": "refused", "line": number, "reason": reason}).to_string()
        } else {
            format!("refused line {number}: {reason}")
        })
    }

    async fn send(&mut self) -> anyhow::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let calls = std::mem::take(&mut self.waiting);
        let body = json!({"customer": self.customer, "calls": calls, "report": self.reported});
        let answer = self.client.post(&Route::to([&"calls"]), &body).await.context("calls were not taken")?;
        let count = |key: &str| answer[key].as_u64().context("the answer has no counts");
        self.added += count("added")?;
        self.already += count("already")?;
        Ok(())
    }
}

/// A call as the API takes it.
fn object(call: NewCall) -> Value {
    without_nulls(json!({
        "call_id": call.call_id,
        "started_at": call.started_at.to_string(),
        "from": call.from,
        "to": call.to,
        "call_seconds": call.call_seconds,
        "talk_seconds": call.talk_seconds,
        "status": call.status.as_str(),
        "kind": call.kind.as_str(),
        "recording": call.recording.map(|name| name.to_string()),
        "source_trunk": call.source_trunk,
        "destination_trunk": call.destination_trunk,
        "pin_code": call.pin_code,
        "did_number": call.did_number,
        "agent_ring_seconds": call.agent_ring_seconds,
        "from_name": call.names.from,
        "to_name": call.names.to,
    }))
}

/// One line of the file (quoted line breaks may make it several), or why it is no text.
struct Line {
    number: u64,
    columns: Result<csv::StringRecord, String>,
}

/// The lines of a CSV file.
struct Lines<R> {
    records: csv::Reader<Bounded<io::Chain<R, &'static [u8]>>>,
    allowance: Rc<Cell<u64>>,
}

impl<R: Read> Lines<R> {
    fn of(file: R) -> Self {
        let allowance = Rc::new(Cell::new(LONGEST_LINE_BYTES));
        // Every line ends in LF, the last one too, and the CR before it is taken off here: the reader's own way with
        // CRLF leaves its count of lines one behind.
        let file = Bounded { file: file.chain(b"\n".as_slice()), allowance: allowance.clone() };
        let records = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(file);
        Self { records, allowance }
    }

    /// The next line; lines without anything in them are passed over.
    fn next(&mut self) -> anyhow::Result<Option<Line>> {
        let mut record = csv::ByteRecord::new();
        loop {
            self.allowance.set(LONGEST_LINE_BYTES);
            let began = self.records.position().line();
            let read = self.records.read_byte_record(&mut record);
            if !read.with_context(|| format!("cannot read on from line {began}"))? {
                return Ok(None);
            }
            let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            let number = self.records.position().line() - 1 - inside;
            let record = cleaned(&record);
            if record.len() == 1 && record[0].is_empty() {
                continue;
            }
            let columns =
                csv::StringRecord::from_byte_record(record).map_err(|_| "it is not UTF-8".to_owned());
            return Ok(Some(Line { number, columns }));
        }
    }
}

/// The record without the CR at its end.
fn cleaned(record: &csv::ByteRecord) -> csv::ByteRecord {
    let last = record.len().saturating_sub(1);
    let cleaned = |(place, column)| match <[u8]>::strip_suffix(column, b"\r") {
        Some(rest) if place == last => rest,
        _ => column,
    };
    record.iter().enumerate().map(cleaned).collect()
}

/// A file of which only so much is read for one line.
struct Bounded<R> {
    file: R,
    allowance: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.allowance.get() == 0 {
            let reason = "a line has more than 1 MiB; a quote may not be closed";
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        let read = self.file.read(buffer)?;
        self.allowance.set(self.allowance.get().saturating_sub(read as u64));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut lines = Lines::of(bytes);
        let mut read = Vec::new();
        while let Some(Line { number, columns }) = lines.next().unwrap() {
            read.push((number, columns.map(|columns| columns.iter().map(str::to_owned).collect())));
        }
        read
    }

    #[test]
    fn lines_are_split_and_numbered_as_an_editor_does() {
        let text = b"\xEF\xBB\xBF\"a\",b\r\n\r\n\"x\"\"y\ny\",2,\"3\"\r\nbad\xFF,1\n\nlast";
        let row = |columns: &[&str]| Ok(columns.iter().map(|column| (*column).to_owned()).collect());
        let expected = [
            (1, row(&["a", "b"])),
            (3, row(&["x\"y\ny", "2", "3"])),
            (5, Err("it is not UTF-8".to_owned())),
            (7, row(&["last"])),
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn a_line_without_end_is_given_up_before_it_fills_memory() {
        let endless = io::Read::chain(&b"a,b\n\"open"[..], io::repeat(b'x'));
        let mut lines = Lines::of(endless);
        assert_eq!(lines.next().unwrap().unwrap().number, 1);
        let error = lines.next().map(|_| ()).unwrap_err();
        assert!(format!("{error:#}").contains("more than 1 MiB"), "{error:#}");
    }
}
