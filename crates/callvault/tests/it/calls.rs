//! Call records from files of phone systems, and their list.

use serde_json::Value;

use crate::vault::{Ran, Vault};

/// Header and row of a real unit, with its numbers changed, and a call between extensions with a recording.
const YEASTAR: &str = "\
callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,pincode,recording,didnumber,sn
1589299528.4,2020-05-12 17:05:28,900000001,110,42,34,TRUNK1,,ANSWERED,Inbound,,,,360000000000
1709633725.42,2024-03-05 10:15:25,2001,2002,21,16,,,ANSWERED,Internal,,20240305101530-1709633725.42-2001-2002-Internal.wav,,360000000000
";

/// What Asterisk 22 wrote.
const ASTERISK: &str = r#""","15551230001","100","test","""Test Caller"" <15551230001>","PJSIP/sipp-00000000","","Echo","","2026-11-22 02:33:42","2026-11-22 02:33:42","2026-11-22 02:33:47",5,5,"ANSWERED","DOCUMENTATION","1795314822.0","tenant-a","","1795314822.0",0
"#;

fn import(vault: &Vault, text: &[u8], options: &[&str]) -> Ran {
    let file = vault.beside("calls.csv");
    fs_err::write(&file, text).unwrap();
    vault.run(&[&["call", "import", "--customer", "1", file.to_str().unwrap()], options].concat())
}

fn list(vault: &Vault, options: &[&str]) -> Vec<Value> {
    let listed = vault.run(&[&["call", "list", "--json"], options].concat()).json();
    listed.as_array().unwrap().clone()
}

#[test]
fn the_vendors_file_is_taken_in_once_by_the_clock_of_the_customer() {
    let vault = Vault::made();
    vault.run(&["customer", "set", "1", "--timezone", "Europe/London"]).done();
    let first = import(&vault, YEASTAR.as_bytes(), &[]);
    assert_eq!((first.code, first.out.as_str()), (0, ""), "{first:?}");
    assert_eq!(first.err.trim(), "2 added, 0 already there, 0 refused");
    let again = import(&vault, YEASTAR.as_bytes(), &["--json"]).done();
    assert_eq!(again, r#"{"added":0,"already":2,"refused":0}"#);
    let calls = list(&vault, &[]);
    // The second in the call id of the first.
    assert_eq!(calls[0]["started_at"], "2020-05-12T16:05:28.000Z");
    assert_eq!(calls[1]["recording"], "20240305101530-1709633725.42-2001-2002-Internal.wav");
    for (options, expected) in [
        (&["--number", "110"][..], 1),
        (&["--number", "110", "--number", "2001"], 2),
        (&["--since", "2020-05-12T16:05:29Z"], 1),
        (&["--until", "2020-05-12T16:05:28Z", "--customer", "1"], 1),
        (&["--recording", "20240305101530-1709633725.42-2001-2002-Internal.wav"], 1),
        (&["--recording", "nothing.wav"], 0),
    ] {
        assert_eq!(list(&vault, options).len(), expected, "{options:?}");
    }
    let table = vault.run(&["call", "list"]).done();
    assert!(table.starts_with("STARTED") && table.lines().count() == 3, "{table}");
    vault.run(&["call", "list", "--since", "yesterday"]).failed(1, &["since", "RFC 3339"]);
    assert_eq!(vault.run(&["check"]).done(), "clean");
}

#[test]
fn a_bad_line_is_told_by_its_number_and_costs_no_other() {
    let vault = Vault::made();
    let mut text = YEASTAR
        .replace("\n1709633725.42", "\n1,2\n\n\"1.5\",soon,1,2,3,4,,,ANSWERED,Inbound,,,,\n1709633725.42");
    text.push_str("1.9,2024-03-05 10:15:25,\"Ann, \u{1b}[2J\",2,3,2,,,MAYBE,Inbound,,,,\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"M\xFCller,2024-03-05 10:15:25,1,2,3,2,,,ANSWERED,Inbound,,,,\n");
    let ran = import(&vault, &bytes, &[]).failed(1, &["2 added, 0 already there, 4 refused"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 4, "{ran:?}");
    for (line, start) in lines.iter().zip([
        "refused line 3: columns: ",
        "refused line 5: timestart: \"soon\"",
        "refused line 7: status: \"MAYBE\"",
        "refused line 8: it is not UTF-8",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(list(&vault, &[]).len(), 2);
}

#[test]
fn asterisks_file_and_mapped_files_are_read() {
    let vault = Vault::made();
    vault.run(&["customer", "set", "1", "--timezone", "Europe/Berlin"]).done();
    import(&vault, ASTERISK.as_bytes(), &["--format", "asterisk", "--timezone", "UTC"]).done();
    let calls = list(&vault, &[]);
    assert_eq!(calls[0]["started_at"], "2026-11-22T02:33:42.000Z");
    assert_eq!((&calls[0]["kind"], &calls[0]["source_trunk"]), (&"Inbound".into(), &"sipp".into()));

    let mapped = "uniqueid;x,calldate,src,dst,file\n7.1,2026-11-22 03:33:42,2001,2002,2026/a.wav\n";
    let map = |words: &[&'static str]| words.iter().flat_map(|word| ["--map", *word]).collect::<Vec<&str>>();
    let whole = map(&["call_id=uniqueid;x", "started_at=calldate", "from=src", "to=dst", "recording=file"]);
    import(&vault, mapped.as_bytes(), &whole).done();
    let found = list(&vault, &["--recording", "a.wav"]);
    assert_eq!(
        (&found[0]["started_at"], &found[0]["call_id"]),
        (&"2026-11-22T02:33:42.000Z".into(), &"7.1".into())
    );

    import(&vault, mapped.as_bytes(), &map(&["call_id=nothing"])).failed(1, &["no", "nothing"]);
    import(&vault, mapped.as_bytes(), &["--format", "mapped"]).failed(1, &["needs --map"]);
    import(&vault, mapped.as_bytes(), &["--timezone", "Mars/Olympus"]).failed(1, &["Mars/Olympus"]);
    import(&vault, mapped.as_bytes(), &["--map", "x"]).failed(2, &["FIELD=COLUMN"]);
    vault.run(&["call", "import", "--customer", "9", "x.csv"]).failed(1, &["customer 9"]);
    vault.run(&["call", "import", "--customer", "1", "missing.csv"]).failed(1, &["missing.csv"]);
}

#[test]
fn a_long_file_goes_through_a_running_server_in_batches() {
    let vault = Vault::made();
    let server = vault.start("serve");
    let mut text = YEASTAR.lines().next().unwrap().to_owned() + "\n";
    for number in 0..1_201 {
        text.push_str(&format!(
            "1709633725.{number},2024-03-05 10:15:25,2001,2002,21,16,,,BUSY,Internal,,,,\n"
        ));
    }
    let ran = import(&vault, text.as_bytes(), &[]);
    assert_eq!(ran.err.trim(), "1201 added, 0 already there, 0 refused", "{ran:?}");
    assert_eq!(list(&vault, &["--customer", "1"]).len(), 1_201);
    server.stop(rustix::process::Signal::TERM);
}
