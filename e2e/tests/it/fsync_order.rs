//! What a kill cannot show: that the order of system calls of an import would survive a power cut. Under strace:
//! the file is flushed, then renamed, then its directory flushed, then the catalog, and only then is anything said.

use std::path::Path;
use std::process::Command;

use crate::support::audio::noise_wav;
use crate::support::http::Request;
use crate::support::vault::{Server, Vault, binary};

/// One system call, by the numbers of the lines of the trace on which it began and ended.
#[derive(Debug)]
struct Call {
    began: usize,
    ended: usize,
    name: String,
    arguments: String,
}

/// Reads what `strace -f -y` wrote; a call that was interrupted by another thread's stands on two lines.
fn calls(trace: &str) -> Vec<Call> {
    let mut open: Vec<(&str, Call)> = Vec::new();
    let mut calls = Vec::new();
    for (number, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.trim_start().split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("<...") {
            if let Some(place) = open.iter().position(|(owner, _)| *owner == thread) {
                let (_, mut call) = open.remove(place);
                call.ended = number;
                call.arguments.push_str(rest);
                calls.push(call);
            }
            continue;
        }
        let Some((name, arguments)) = rest.split_once('(') else { continue };
        let call =
            Call { began: number, ended: number, name: name.to_owned(), arguments: arguments.to_owned() };
        if arguments.ends_with("<unfinished ...>") { open.push((thread, call)) } else { calls.push(call) }
    }
    calls.sort_by_key(|call| call.began);
    calls
}

impl Call {
    fn is_flush_of(&self, path: &str) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync") && self.arguments.contains(&format!("<{path}>"))
    }

    fn has_succeeded(&self) -> bool {
        self.arguments.trim_end().ends_with("= 0")
    }
}

/// The first call that satisfies a condition and began after `line`.
fn first_after<'a>(
    calls: &'a [Call],
    line: usize,
    what: &str,
    condition: impl Fn(&Call) -> bool,
) -> Result<&'a Call, String> {
    calls
        .iter()
        .find(|call| call.began > line && condition(call))
        .ok_or_else(|| format!("after line {line} of the trace there is no {what}"))
}

/// Checks the order in a trace of an import whose outcome is told by the call that `is_answer` recognises.
fn check_order(trace: &str, data: &Path, is_answer: impl Fn(&Call) -> bool) -> Result<(), String> {
    let calls = calls(trace);
    let audio = data.join("audio");
    let audio = audio.to_str().expect("a path in UTF-8");
    let rename = first_after(&calls, 0, "rename", |call| {
        call.name.starts_with("rename") && call.arguments.contains(audio)
    })?;
    let paths: Vec<&str> = rename.arguments.split('"').skip(1).step_by(2).collect();
    let [part, object] = paths[..] else { return Err(format!("not two paths: {rename:?}")) };
    let shard = Path::new(object).parent().and_then(Path::to_str).expect("a folder");

    let last_write = calls
        .iter()
        .rfind(|call| matches!(call.name.as_str(), "write" | "pwrite64") && call.arguments.contains(part))
        .ok_or("the bytes were not written")?;
    let file = first_after(&calls, last_write.ended, "flush of the file", |call| call.is_flush_of(part))?;
    if file.ended >= rename.began {
        return Err(format!("renamed before it was flushed: {rename:?}, {file:?}"));
    }
    let directory =
        first_after(&calls, rename.ended, "flush of the directory", |call| call.is_flush_of(shard))?;
    let log = data.join("catalog.sqlite-wal");
    let log = log.to_str().expect("a path in UTF-8");
    let commit = first_after(&calls, directory.ended, "write to the catalog's log", |call| {
        call.name == "pwrite64" && call.arguments.contains(log)
    })?;
    let catalog =
        first_after(&calls, commit.ended, "flush of the catalog's log", |call| call.is_flush_of(log))?;
    let answer = calls.iter().find(|call| is_answer(call)).ok_or("there is no answer")?;
    if catalog.ended >= answer.began {
        return Err(format!("said before it was durable: {answer:?}, {catalog:?}"));
    }
    match [file, directory, catalog].into_iter().find(|call| !call.has_succeeded()) {
        Some(failed) => Err(format!("failed: {failed:?}")),
        None => Ok(()),
    }
}

fn strace(trace: &Path) -> Command {
    let mut command = Command::new("strace");
    // -D: the traced program is our child, strace only looks on.
    command.args(["-D", "-f", "-y", "-s", "200", "-e"]);
    command.arg(
        "trace=openat,write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,sendto,sendmsg",
    );
    command.arg("-o").arg(trace);
    command
}

/// strace writes its last lines after the traced program has gone.
fn read_trace(trace: &Path) -> String {
    crate::support::wait_for("the end of the trace", std::time::Duration::from_secs(10), || {
        fs_err::read_to_string(trace).ok().filter(|text| text.trim_end().ends_with("+++"))
    })
}

#[test]
fn the_server_answers_an_upload_after_file_directory_and_catalog_are_flushed() {
    let vault = Vault::init();
    let trace = vault.folder().join("trace");
    let mut command = strace(&trace);
    command.arg(binary()).args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(vault.data());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CALLVAULT_"))
    {
        command.env_remove(name);
    }
    let server = Server::start(command, vault.folder());
    let answer = Request::new("PUT", "/api/v1/recordings/one.wav?customer=1")
        .body(noise_wav(1, 300_000))
        .send_unix(&vault.control_socket())
        .expect("an answer");
    assert_eq!(answer.status, 201, "{}", answer.text());
    server.stop();
    check_order(&read_trace(&trace), &vault.data(), |call| {
        matches!(call.name.as_str(), "write" | "writev" | "sendto" | "sendmsg")
            && call.arguments.contains("HTTP/1.1 201")
    })
    .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_command_line_reports_an_import_after_file_directory_and_catalog_are_flushed() {
    let vault = Vault::init();
    let file = vault.folder().join("one.wav");
    fs_err::write(&file, noise_wav(1, 300_000)).expect("a file to import");
    let trace = vault.folder().join("trace");
    let mut command = strace(&trace);
    command.arg(binary()).args(["recording", "import", "--customer", "1"]).arg(&file);
    command.arg("--data").arg(vault.data());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CALLVAULT_"))
    {
        command.env_remove(name);
    }
    crate::support::run(&mut command);
    check_order(&read_trace(&trace), &vault.data(), |call| {
        call.name == "write" && call.arguments.starts_with("1<") && call.arguments.contains("one.wav")
    })
    .unwrap_or_else(|error| panic!("{error}"));
}

/// The check itself, on traces written by hand: the right order passes, and every step out of place is found.
#[test]
fn a_step_that_is_missing_or_late_is_found() {
    const STEPS: [&str; 9] = [
        r#"7 openat(AT_FDCWD</>, "/d/audio/3f/.3f.part", O_RDWR) = 9</d/audio/3f/.3f.part>"#,
        r#"7 write(9</d/audio/3f/.3f.part>, "RIFF"..., 4) = 4"#,
        r#"7 fsync(9</d/audio/3f/.3f.part>) = 0"#,
        r#"7 rename("/d/audio/3f/.3f.part", "/d/audio/3f/3f") = 0"#,
        r#"7 fsync(10</d/audio/3f> <unfinished ...>"#,
        r#"7 <... fsync resumed>) = 0"#,
        r#"8 pwrite64(5</d/catalog.sqlite-wal>, "x"..., 1, 0) = 1"#,
        r#"8 fdatasync(5</d/catalog.sqlite-wal>) = 0"#,
        r#"9 sendto(4<socket:[1]>, "HTTP/1.1 201 Created"..., 20) = 20"#,
    ];
    let check = |steps: &[&str]| {
        check_order(&steps.join("\n"), Path::new("/d"), |call| call.arguments.contains("HTTP/1.1 201"))
    };
    assert_eq!(check(&STEPS), Ok(()));
    for missing in [2, 3, 4, 5, 6, 7, 8] {
        let mut steps = STEPS.to_vec();
        steps.remove(missing);
        assert!(check(&steps).is_err(), "without {}", STEPS[missing]);
    }
    for (late, place) in [(1, 2), (2, 3), (3, 5), (5, 6), (6, 7), (7, 8)] {
        let mut steps = STEPS.to_vec();
        let step = steps.remove(late);
        steps.insert(place, step);
        assert!(check(&steps).is_err(), "{} after {}", STEPS[late], STEPS[place]);
    }
    let mut steps = STEPS.to_vec();
    steps[7] = r#"8 fdatasync(5</d/catalog.sqlite-wal>) = -1 EIO (Input/output error)"#;
    assert!(check(&steps).is_err(), "a flush that failed");
}
