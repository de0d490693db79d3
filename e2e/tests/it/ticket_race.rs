//! One ticket, many clients: exactly one of them gets the audio, and the server keeps nothing of the others.

use std::io::Write;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use crate::support::audio::noise_wav;
use crate::support::http::{Answer, get, read_head};
use crate::support::process::{descriptors, memory_kib, sockets};
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::yeastar::login;
use crate::support::{is_soak, wait_for};

const CLIENTS: usize = 200;
const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";

/// What the process may have grown by after hundreds of rounds: allocator slack, not something for each round.
const GROWTH_LIMIT_KIB: u64 = 16 * 1024;
/// The catalog's connections are a pool that may grow a little.
const DESCRIPTOR_SLACK: usize = 8;

/// All clients are connected and have sent all of the request but its last two bytes; then all send those at once.
fn race(server: &Server, target: &str) -> Vec<Answer> {
    let request = get(target);
    let start = Arc::new(Barrier::new(CLIENTS));
    let runners: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (request, start, address) = (request.clone(), Arc::clone(&start), server.http);
            std::thread::Builder::new()
                .stack_size(256 * 1024)
                .spawn(move || {
                    let mut stream = request.connect(address);
                    let bytes = request.bytes();
                    let (most, last) = bytes.split_at(bytes.len() - 2);
                    stream.write_all(most).expect("the request");
                    start.wait();
                    stream.write_all(last).expect("its end");
                    read_head(stream).expect("an answer").finish(false)
                })
                .expect("a thread")
        })
        .collect();
    runners.into_iter().map(|runner| runner.join().expect("a client")).collect()
}

#[test]
fn ticket_race_has_one_winner() {
    let rounds = if is_soak() { 500 } else { 15 };
    let vault = Vault::with_api_person();
    let audio = noise_wav(7, 48_000);
    vault.import_as(NAME, &audio);
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);

    let idle_sockets = sockets(server.pid());
    let settle = || {
        wait_for("the connections of the round to be closed", Duration::from_secs(10), || {
            (sockets(server.pid()) <= idle_sockets).then_some(())
        });
    };
    let (mut warm_kib, mut warm_descriptors) = (0, 0);
    let begin = Instant::now();
    // Buffers, pages and threads are there after a tenth of the rounds; growth is counted from then on.
    let warm_up = rounds / 10 + 2;
    for round in 0..rounds {
        let random = session.get_random(NAME);
        let answers = race(&server, &session.link(NAME, &random));
        let mut winners = 0;
        for answer in &answers {
            assert_eq!(answer.status, 200, "{}", answer.text());
            if answer.body == audio {
                winners += 1;
            } else {
                assert_eq!(answer.errno(), "20012", "round {round}");
            }
        }
        assert_eq!(winners, 1, "round {round}");
        settle();
        if round == warm_up {
            warm_kib = memory_kib(server.pid(), "VmRSS");
            warm_descriptors = descriptors(server.pid());
        }
    }
    let (end_kib, end_descriptors) = (memory_kib(server.pid(), "VmRSS"), descriptors(server.pid()));
    println!(
        "ticket race: {CLIENTS} clients, {rounds} rounds in {:.1} s, one winner each; memory {warm_kib} KiB and \
         {warm_descriptors} descriptors after round {warm_up}, {end_kib} KiB and {end_descriptors} at the end",
        begin.elapsed().as_secs_f64(),
    );
    assert!(end_kib <= warm_kib + GROWTH_LIMIT_KIB, "memory grew from {warm_kib} to {end_kib} KiB");
    assert!(
        end_descriptors <= warm_descriptors + DESCRIPTOR_SLACK,
        "descriptors grew from {warm_descriptors} to {end_descriptors}"
    );
    server.stop();
}
