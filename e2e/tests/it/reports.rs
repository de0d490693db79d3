//! Reports through kill -9: every call is told of at least once and in order, and what a report names can be fetched
//! while it is handled.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use callvault_testkit::connectors::account::Account;
use callvault_testkit::connectors::receiver::{Receiver, Reply, ReportKey};
use callvault_testkit::connectors::report_handler::{Outcome, ReportHandler, Told};
use callvault_testkit::connectors::wire::Pbx;
use serde_json::{Value, json};

use crate::support::audio::noise_wav;
use crate::support::http::{Request, encode, post};
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::{Noise, is_soak, seed, sha256, told, wait_for};

/// How many calls are imported before the reports of them came.
const AHEAD: usize = 40;

/// A report that is never taken has made way for the next one by then (`docs/yeastar.md` G24).
const MAKES_WAY: Duration = Duration::from_secs(60);

/// A call, and the recording that it names.
struct Call {
    id: String,
    started_at: String,
    to: String,
    recording: Option<String>,
}

/// What an importing program does at once; it is done again until it succeeded.
#[derive(Debug, Clone)]
enum Step {
    /// The recording of a call, by PUT.
    Put(usize),
    /// Calls in one request.
    Tell(Vec<usize>),
    /// The recordings of calls, by the command line.
    ImportRecordings(Vec<usize>),
    /// Calls in one file, by the command line.
    ImportCalls(Vec<usize>),
}

struct Plan {
    calls: Vec<Call>,
    steps: Vec<Step>,
    /// The calls in the order in which they become due: when they are told, or when their recording came after that.
    due: Vec<usize>,
}

impl Plan {
    fn of(count: usize) -> Self {
        let mut plan =
            Self { calls: (0..count).map(Call::number).collect(), steps: Vec::new(), due: Vec::new() };
        let mut noise = Noise::new(7);
        // Recordings that come after their calls, with the number of the call that they come behind.
        let mut late: Vec<(usize, usize)> = Vec::new();
        let mut next = 0;
        while next < count {
            let several: Vec<usize> = (next..count.min(next + 5)).collect();
            match next % 25 {
                20 => {
                    let recorded =
                        several.iter().copied().filter(|call| plan.calls[*call].recording.is_some());
                    plan.steps.push(Step::ImportRecordings(recorded.collect()));
                    plan.steps.push(Step::ImportCalls(several.clone()));
                    plan.due.extend(&several);
                    next += several.len();
                }
                10 => {
                    plan.steps.push(Step::Tell(several.clone()));
                    for call in &several {
                        if plan.calls[*call].recording.is_some() {
                            late.push((call + 1 + noise.below(8) as usize, *call));
                        } else {
                            plan.due.push(*call);
                        }
                    }
                    next += several.len();
                }
                place => {
                    let recorded = plan.calls[next].recording.is_some();
                    if recorded && place % 3 != 0 {
                        plan.steps.push(Step::Put(next));
                    }
                    plan.steps.push(Step::Tell(vec![next]));
                    if recorded && place % 3 == 0 {
                        late.push((next + noise.below(8) as usize, next));
                    } else {
                        plan.due.push(next);
                    }
                    next += 1;
                }
            }
            let is_last = next == count;
            let (now, later) = late.into_iter().partition(|(behind, _)| is_last || *behind < next);
            late = later;
            for (_, call) in now {
                plan.steps.push(Step::Put(call));
                plan.due.push(call);
            }
        }
        plan
    }
}

impl Call {
    fn number(number: usize) -> Self {
        let id = format!("1772442{number:03}.{number}");
        let (hour, minute, second) = (9 + number / 3600, number / 60 % 60, number % 60);
        // What a client must encode, and what it may leave as it is.
        let to = if number.is_multiple_of(2) { format!("+4930{number}") } else { format!("2{number}") };
        let name = format!("20260302{hour:02}{minute:02}{second:02}-{id}-1001-{to}-Outbound.wav");
        Self {
            started_at: format!("2026-03-02 {hour:02}:{minute:02}:{second:02}"),
            recording: (number % 7 != 3).then_some(name),
            id,
            to,
        }
    }

    fn key(&self) -> ReportKey {
        let Self { id, started_at, to, .. } = self;
        ReportKey { call_id: id.clone(), started_at: started_at.clone(), to: to.clone() }
    }

    fn object(&self) -> Value {
        json!({
            "call_id": self.id, "started_at": format!("{}Z", self.started_at.replace(' ', "T")), "from": "1001",
            "to": self.to, "call_seconds": 9, "talk_seconds": 5, "status": "ANSWERED", "kind": "Outbound",
            "recording": self.recording,
        })
    }

    /// A row of the Yeastar file of 14 columns.
    fn row(&self) -> String {
        let Self { id, started_at, to, recording } = self;
        let recording = recording.as_deref().unwrap_or_default();
        format!("{id},{started_at},1001,{to},9,5,,,ANSWERED,Outbound,,{recording},,\n")
    }
}

const HEADER: &str = "callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,\
status,type,pincode,recording,didnumber,sn\n";

/// The bytes of a call's recording.
fn audio(call: usize) -> Vec<u8> {
    let size = Noise::new(call as u64 + 99).below(120_000);
    noise_wav(call as u64 + 1, 4_000 + usize::try_from(size).expect("a small size"))
}

/// A port that is free and stays so while nobody listens there: the kernel gives out those from 32768 on.
fn free_port(noise: &mut Noise) -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut drawn = std::iter::repeat_with(|| 20_000 + u16::try_from(noise.below(12_000)).expect("it fits"));
    drawn.by_ref().take(1000).find(free).expect("one of a thousand ports is free")
}

fn start(vault: &Vault, address: SocketAddr) -> Server {
    Server::start(vault.command(["serve", "--listen", &address.to_string()]), vault.folder())
}

/// The importing program.
struct Importer<'a> {
    vault: &'a Vault,
    plan: &'a Plan,
    /// Held while a step is tried: a command that meets no server works on the folder itself, and no server may start then.
    turn: &'a Mutex<()>,
    /// Steps that were cut off, or found nobody.
    failed: AtomicUsize,
    done: AtomicUsize,
}

impl Importer<'_> {
    /// Does all steps, never far ahead of the reports.
    fn run(&self, reported: impl Fn() -> usize, over: &AtomicBool) {
        let mut told_of = 0;
        for step in &self.plan.steps {
            while told_of > reported() + AHEAD && !over.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(2));
            }
            loop {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let turn = self.turn.lock().expect("nobody panics");
                let tried = self.attempt(step);
                drop(turn);
                match tried {
                    Ok(()) => break,
                    Err(_) => {
                        self.failed.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(10));
                    }
                }
            }
            if let Step::Tell(calls) | Step::ImportCalls(calls) = step {
                told_of += calls.len();
            }
            self.done.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn attempt(&self, step: &Step) -> Result<(), String> {
        let calls = &self.plan.calls;
        let name = |call: usize| calls[call].recording.as_deref().expect("a recorded call");
        match step {
            Step::Put(call) => {
                let path = format!("/api/v1/recordings/{}?customer=1", encode(name(*call)));
                self.ask(&Request::new("PUT", path).body(audio(*call)))
            }
            Step::Tell(told) => {
                let objects: Vec<_> = told.iter().map(|call| calls[*call].object()).collect();
                self.ask(&post("/api/v1/calls", json!({ "customer": 1, "calls": objects }).to_string()))
            }
            Step::ImportRecordings(recorded) => {
                let files = recorded.iter().map(|call| {
                    let path = self.vault.folder().join(name(*call));
                    fs_err::write(&path, audio(*call)).expect("a file to import");
                    path
                });
                let files: Vec<_> = files.collect();
                self.command("recording", &files)
            }
            Step::ImportCalls(told) => {
                let rows: String = told.iter().map(|call| calls[*call].row()).collect();
                let file = self.vault.folder().join("calls.csv");
                fs_err::write(&file, format!("{HEADER}{rows}")).expect("a file to import");
                self.command("call", &[file])
            }
        }
    }

    fn ask(&self, request: &Request) -> Result<(), String> {
        let answer = request.send_unix(&self.vault.control_socket()).map_err(|error| error.to_string())?;
        assert!(matches!(answer.status, 200 | 201), "{} {}", answer.status, answer.text());
        Ok(())
    }

    fn command(&self, what: &str, files: &[PathBuf]) -> Result<(), String> {
        let mut command = self.vault.command([what, "import", "--customer", "1"]);
        let output = command.args(files).output().expect("the binary starts");
        if output.status.success() { Ok(()) } else { Err(told(&output)) }
    }
}

/// An application server that answers 500 to everything until it is mended, with when it was told of what.
struct Broken {
    receiver: Receiver,
    mended: Arc<AtomicBool>,
    told: Arc<Mutex<Vec<(Instant, ReportKey)>>>,
}

impl Broken {
    fn start() -> Self {
        let (mended, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (is_mended, telling) = (mended.clone(), told.clone());
        let receiver = Receiver::start(move |body| {
            let report: Value = serde_json::from_slice(body).expect("JSON");
            telling.lock().expect("nobody panics").push((Instant::now(), ReportKey::of(&report)));
            Reply::Status(if is_mended.load(Ordering::SeqCst) { 200 } else { 500 })
        });
        Self { receiver, mended, told }
    }

    fn told(&self) -> Vec<(Instant, ReportKey)> {
        self.told.lock().expect("nobody panics").clone()
    }

    fn distinct(&self) -> usize {
        self.told().into_iter().map(|(_, key)| key).collect::<BTreeSet<_>>().len()
    }
}

/// The distinct keys in the order in which they came first.
fn in_order(told: impl IntoIterator<Item = ReportKey>) -> Vec<ReportKey> {
    let mut seen = BTreeSet::new();
    told.into_iter().filter(|key| seen.insert(key.clone())).collect()
}

/// What is promised of the reports that a target got: all of them, in the order in which they became due, repeats alike.
fn check_told(plan: &Plan, told: &[Told]) {
    let mut bodies: BTreeMap<&ReportKey, &[u8]> = BTreeMap::new();
    for one in told {
        let first = bodies.entry(&one.key).or_insert(&one.body);
        assert_eq!(*first, one.body, "a repeat that differs: {:?}", one.key);
        match &one.outcome {
            Some(Outcome::Wrong(reason)) => panic!("{:?}: {reason}", one.key),
            // The ticket of a server that is gone is no good at the next one.
            Some(Outcome::Refused(answer)) => assert!(answer.contains("20012"), "{:?}: {answer}", one.key),
            Some(Outcome::Taken | Outcome::Gone(_)) | None => {}
        }
    }
    let taken: BTreeSet<_> =
        told.iter().filter(|one| one.outcome == Some(Outcome::Taken)).map(|one| &one.key).collect();
    assert_eq!(taken.len(), plan.calls.len(), "a recording was not fetched");
    let expected: Vec<_> = plan.due.iter().map(|call| plan.calls[*call].key()).collect();
    let found = in_order(told.iter().map(|one| one.key.clone()));
    assert_eq!(found.len(), expected.len(), "reported calls");
    let wrong = found.iter().zip(&expected).position(|(found, expected)| found != expected);
    assert_eq!(wrong, None, "from here on the order is another one: {:?}", wrong.map(|place| &found[place]));
}

fn target(vault: &Vault, id: u64) -> Value {
    let found = vault.list(["target", "list"]).into_iter().find(|target| target["id"] == id);
    found.expect("the target is listed")
}

#[test]
fn reports_outlive_kills() {
    let (count, kills) = if is_soak() { (1_000, 10) } else { (120, 3) };
    let plan = Plan::of(count);
    let vault = Vault::with_api_person();
    vault.add_person(1, "broken", "api", PASSWORD);
    let mut moments = Noise::new(seed("moments of the kills"));
    let address = SocketAddr::from(([127, 0, 0, 1], free_port(&mut moments)));
    let server = start(&vault, address);

    let account = |username: &str| Account::new(Pbx::at(address), username, PASSWORD);
    let sums: BTreeMap<String, String> = plan
        .calls
        .iter()
        .enumerate()
        .filter_map(|(number, call)| Some((call.recording.clone()?, sha256(&audio(number)))))
        .collect();
    let handler = ReportHandler::start(account("api"), move |name, bytes| match sums.get(name) {
        Some(sum) if *sum == sha256(bytes) => Ok(()),
        Some(_) => Err(format!("{name}: {} other bytes", bytes.len())),
        None => Err(format!("{name} was never imported")),
    })
    .expect("it logs in");
    let broken = Broken::start();
    account("broken").log_in_for_reports(broken.receiver.address()).expect("it logs in");

    let begin = Instant::now();
    let turn = Mutex::new(());
    let importer = Importer {
        vault: &vault,
        plan: &plan,
        turn: &turn,
        failed: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
    };
    let over = AtomicBool::new(false);
    let reported = || in_order(handler.told().into_iter().map(|one| one.key)).len();
    let server = std::thread::scope(|scope| {
        let mut server = server;
        // An assertion that fails here must end the importer too, or the scope would wait for it.
        let _over = SetOnDrop(&over);
        let importing = scope.spawn(|| importer.run(reported, &over));
        for kill in 1..=kills {
            let wanted = kill * count / (kills + 1);
            wait_for("reports between kills", Duration::from_secs(120), || {
                (reported() >= wanted).then_some(())
            });
            std::thread::sleep(Duration::from_millis(moments.below(30)));
            server.kill();
            let _turn = turn.lock().expect("nobody panics");
            server = start(&vault, address);
        }
        importing.join().expect("the imports are done");
        wait_for("the last reports", Duration::from_secs(120), || (reported() == count).then_some(()));
        server
    });
    wait_for("the last answer", Duration::from_secs(60), || {
        (target(&vault, 1)["waiting"] == 0).then_some(())
    });
    let took = begin.elapsed();
    let told = handler.told();
    check_told(&plan, &told);
    assert_eq!(handler.logins(), 1, "the session outlives every kill");
    assert_eq!(target(&vault, 1)["parked"], 0);

    let waited = check_makes_way(&vault, &broken);
    check_resent(&vault, &broken, &plan);
    vault.ok(["recording", "verify"]);
    vault.ok(["check"]);
    server.stop();
    vault.ok(["check"]);
    let cut = told.iter().filter(|one| !matches!(one.outcome, Some(Outcome::Taken))).count();
    println!(
        "reports: {count} calls, {kills} kills in {:.1} s; {} repeats, {cut} handlers met a kill, \
         {} steps of the import were done again; a report that is never taken makes way after {:.1} s",
        took.as_secs_f64(),
        told.len() - count,
        importer.failed.load(Ordering::SeqCst),
        waited.as_secs_f64()
    );
    let hit = told.len() - count + cut + importer.failed.load(Ordering::SeqCst);
    assert!(hit > 0, "the kills met neither an import nor a report, so they showed nothing");
}

/// A target that answers 500 hears of the next call within a minute, kills or not.
fn check_makes_way(vault: &Vault, broken: &Broken) -> Duration {
    let next = wait_for("a second report", MAKES_WAY + Duration::from_secs(10), || {
        let mut told = broken.told().into_iter();
        let (first_at, first) = told.next()?;
        let (next_at, _) = told.find(|(_, key)| *key != first)?;
        Some(next_at - first_at)
    });
    assert!(next <= MAKES_WAY, "it took {next:?}");
    let listed = target(vault, 2);
    assert!(listed["parked"].as_u64().is_some_and(|parked| parked >= 1), "{listed}");
    assert!(listed["failure"].as_str().is_some_and(|reason| reason.contains("status 500")), "{listed}");
    next
}

/// When it is mended it gets all the rest, and what was set aside once an operator says so.
fn check_resent(vault: &Vault, broken: &Broken, plan: &Plan) {
    broken.mended.store(true, Ordering::SeqCst);
    let none_waits = || (target(vault, 2)["waiting"] == 0).then_some(());
    wait_for("the reports of the mended target", Duration::from_secs(120), none_waits);
    let parked = target(vault, 2)["parked"].clone();
    assert_eq!(vault.json(["target", "resend", "2"])["resent"], parked);
    wait_for("what was set aside", Duration::from_secs(60), none_waits);
    let listed = target(vault, 2);
    assert_eq!((&listed["parked"], &listed["delivered"]), (&json!(0), &json!(plan.calls.len())), "{listed}");
    assert_eq!(broken.distinct(), plan.calls.len());
    let expected: Vec<_> = plan.due.iter().map(|call| plan.calls[*call].key()).collect();
    assert_eq!(
        in_order(broken.told().into_iter().map(|(_, key)| key)),
        expected,
        "first attempts are in order"
    );
}

/// Ends what looks at it when its owner goes, by a panic or not.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
