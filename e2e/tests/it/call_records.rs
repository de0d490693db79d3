//! Many call records: the file of call records flows at one rate from the first row to the last, the server's memory does
//! not follow their number, and neither does the time that a ticket takes.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::http::{encode, get, post};
use crate::support::process::memory_kib;
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::yeastar::{Session, login};
use crate::support::{is_soak, run};

/// The promise for the whole process, at its peak.
const MEMORY_LIMIT_KIB: u64 = 100 * 1024;

/// 2026-01-01 00:00:00 UTC (`date -u -d 2026-01-01 +%s`).
const FIRST_SECOND: u64 = 1_767_225_600;

/// Over how many days the calls are spread.
const DAYS: u64 = 100;

/// The header of the file (`docs/yeastar.md`, "Fetching call records").
const HEADER: &str = "callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,pincode,\
                      recording,didnumber,sn";

/// A day and a time as the vendor writes them, of a second since 1970 in the first hundred days of 2026.
fn written(second: u64) -> String {
    let since = second - FIRST_SECOND;
    let (mut day, time) = (since / 86_400, since % 86_400);
    let mut month = 1;
    for length in [31, 28, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("2026-{month:02}-{:02} {:02}:{:02}:{:02}", day + 1, time / 3600, time / 60 % 60, time % 60)
}

/// When call `number` of `count` began.
fn began(number: u64, count: u64) -> u64 {
    FIRST_SECOND + number * DAYS * 86_400 / count
}

/// The row of a call.
fn row(number: u64, count: u64) -> String {
    let second = began(number, count);
    format!(
        "{second}.{number},{},{},0{},42,34,,TRUNK{},ANSWERED,Outbound,,,,",
        written(second),
        1000 + number % 500,
        900_000_000 + number % 7919,
        number % 3,
    )
}

fn write_file(path: &Path, count: u64) {
    let mut file = BufWriter::new(fs_err::File::create(path).expect("a file"));
    writeln!(file, "{HEADER}").expect("room");
    for number in 0..count {
        writeln!(file, "{}", row(number, count)).expect("room");
    }
    file.flush().expect("room");
}

/// Writes the rows of [`row`] straight into a catalog that nobody has open: file, count, first second, days.
const FILL: &str = r#"
import sqlite3, sys
path, count, first, days = sys.argv[1], *map(int, sys.argv[2:])
catalog = sqlite3.connect(path, isolation_level=None)
for pragma in ('journal_mode = DELETE', 'synchronous = OFF', 'cache_size = -1000000', 'temp_store = FILE'):
    catalog.execute('PRAGMA ' + pragma)
indexes = catalog.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'call_record' AND sql IS NOT NULL").fetchall()
catalog.execute('BEGIN')
for name, _ in indexes:
    catalog.execute('DROP INDEX ' + name)
catalog.execute('''
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count),
        c AS (SELECT i, :first + i * :days * 86400 / :count AS second FROM n)
    INSERT INTO call_record (id, customer, call_id, started_at, caller, callee, call_seconds, talk_seconds, source_trunk,
        destination_trunk, pin_code, status, kind, recording, did_number, agent_ring_seconds, received_at, caller_name, callee_name)
    SELECT i + 1, 1, second || '.' || i, second * 1000, 1000 + i % 500, '0' || (900000000 + i % 7919), 42, 34, '',
        'TRUNK' || (i % 3), '', 'ANSWERED', 'Outbound', NULL, '', 0, second * 1000, '', '' FROM c
''', dict(count=count, first=first, days=days))
for _, sql in indexes:
    catalog.execute(sql)
catalog.execute('COMMIT')
catalog.close()
"#;

/// An installation with so many calls: imported, but for the ten millions of a soak. Those would take the better part of
/// an hour, as each commit of an import is flushed, and it is not the import that is looked at here.
fn vault_with_calls(count: u64) -> Vault {
    let vault = Vault::with_api_person();
    vault.ok(["customer", "set", "1", "--timezone", "UTC"]);
    if count > 1_000_000 {
        let begin = Instant::now();
        let mut fill = Command::new("python3");
        fill.args(["-c", FILL]).arg(vault.data().join("catalog.sqlite"));
        run(fill.args([count, FIRST_SECOND, DAYS].map(|number| number.to_string())));
        println!("{count} calls written in {:.1} s", begin.elapsed().as_secs_f64());
        return vault;
    }
    let path = vault.folder().join("calls.csv");
    write_file(&path, count);
    let begin = Instant::now();
    vault.ok(["call", "import", "--customer", "1", path.to_str().expect("a path in UTF-8")]);
    println!("{count} calls imported in {:.1} s", begin.elapsed().as_secs_f64());
    fs_err::remove_file(path).expect("it was there");
    vault
}

/// Asks for a ticket for all calls between two times; answers it and how long that took.
fn ticket(session: &Session, from: &str, until: &str) -> (String, Duration) {
    let body = json!({"number": "all", "starttime": from, "endtime": until}).to_string();
    let begin = Instant::now();
    let answer =
        post(format!("/api/v2.0.0/cdr/get_random?token={}", session.token), body).send(session.server);
    let took = begin.elapsed();
    (answer.json()["random"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned(), took)
}

/// Fetches the file of a span and checks every row of it; prints the rate of each tenth and answers the slowest and the
/// fastest in rows a second.
fn check_file(session: &Session, span: (&str, &str), rows: std::ops::Range<u64>, count: u64) -> (f64, f64) {
    let (from, until) = span;
    let (random, _) = ticket(session, from, until);
    let link = format!(
        "/api/v2.0.0/cdr/download?number=all&starttime={}&endtime={}&token={}&random={random}",
        encode(from),
        encode(until),
        session.token
    );
    let mut body = get(link).open(session.server).into_body();
    let mut line = String::new();
    assert!(body.read_line(&mut line), "a header");
    assert_eq!(line.trim_end(), HEADER);
    let tenth = (rows.end - rows.start).div_ceil(10).max(1);
    let (mut slowest, mut fastest) = (f64::INFINITY, 0f64);
    let mut begin = Instant::now();
    for number in rows.clone() {
        assert!(body.read_line(&mut line), "{number} of {rows:?} is missing");
        let expected = row(number, count);
        assert_eq!(line.strip_suffix('\n'), Some(expected.as_str()), "row {number}");
        if (number + 1 - rows.start).is_multiple_of(tenth) {
            let rate = tenth as f64 / begin.elapsed().as_secs_f64();
            (slowest, fastest) = (slowest.min(rate), fastest.max(rate));
            begin = Instant::now();
        }
    }
    assert!(!body.read_line(&mut line), "a row too many: {line}");
    println!(
        "{from} to {until}: {} rows, {slowest:.0} to {fastest:.0} rows/s in the tenths of the file",
        rows.end - rows.start
    );
    (slowest, fastest)
}

/// The median and the 99th of a hundred of what tickets took on each server, asked for in turn.
fn tickets_in_turn(sessions: [&Session; 2], rounds: usize) -> [(Duration, Duration); 2] {
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (session, took) in sessions.iter().zip(&mut took) {
            took.push(ticket(session, "2026-01-01 00:00:00", "2026-04-10 23:59:59").1);
        }
    }
    took.map(|mut took| {
        took.sort_unstable();
        (took[rounds / 2], took[rounds * 99 / 100])
    })
}

fn served(vault: &Vault) -> (Server, Session) {
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);
    (server, session)
}

#[test]
fn many_calls_flow_at_one_rate() {
    let count = if is_soak() { 10_000_000 } else { 30_000 };
    let few = 10_000.min(count);
    let (vault, small) = (vault_with_calls(count), vault_with_calls(few));
    let (server, session) = served(&vault);
    let (_small_server, small_session) = served(&small);

    // Day 50, counted from 0: February has 28 days in 2026.
    let day = (count / DAYS * 50)..(count / DAYS * 51);
    assert_eq!(written(began(day.start, count)), "2026-02-20 00:00:00");
    check_file(&session, ("2026-02-20 00:00:00", "2026-02-20 23:59:59"), day, count);
    let (slowest, fastest) =
        check_file(&session, ("2026-01-01 00:00:00", "2026-04-10 23:59:59"), 0..count, count);

    let peak = memory_kib(server.pid(), "VmHWM");
    println!("peak of the server's memory: {peak} KiB");
    assert!(peak < MEMORY_LIMIT_KIB, "{peak} KiB");

    let rounds = if is_soak() { 1000 } else { 50 };
    let [(many_half, many_99), (few_half, few_99)] = tickets_in_turn([&session, &small_session], rounds);
    println!("get_random with {count} calls: median {many_half:?}, p99 {many_99:?}");
    println!("get_random with {few} calls: median {few_half:?}, p99 {few_99:?}");
    // Times are this machine's; at full size a file that slows down and a ticket that counts rows would show all the same.
    if is_soak() {
        assert!(slowest * 3.0 > fastest, "{slowest:.0} to {fastest:.0} rows/s");
        assert!(many_half < few_half * 2, "{many_half:?} against {few_half:?}");
    }
}
