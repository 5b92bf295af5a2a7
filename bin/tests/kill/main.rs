//! Kills by SIGKILL, at random, under load: the real server on a real directory, and clients in processes of their own.
//! Then everything is let come to rest, and audited: what was accepted is there, once, in order, and receipts were true.
//!
//! `VERBATIM_KILLS=500 cargo test -p verbatim --test kill -- --nocapture` kills the server 500 times instead of 50;
//! `VERBATIM_SEED` says at which moments.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod audit;
mod audit_tests;
mod client;
mod ground;
mod journal;
mod line;

use ground::Ground;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::{Duration, Instant};

/// How long everything may take to come to rest when the kills are over.
const HEALING: Duration = Duration::from_secs(60);

fn number_from(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("digits"))
}

#[test]
fn nothing_accepted_is_lost_doubled_or_reordered_by_kills() {
    let kills = number_from("VERBATIM_KILLS").unwrap_or(50);
    let seed = number_from("VERBATIM_SEED").unwrap_or(1);
    let mut dice = StdRng::seed_from_u64(seed);
    let mut ground = Ground::prepare(&format!("kill-{seed}-{kills}"));
    ground.wait_until_all_are_welcome();
    ground.talk(true);
    let mut clients_killed = 0;
    for _ in 0..kills {
        // Now and then the next one comes while the server is still beginning.
        let most = if dice.random_ratio(1, 8) { 20 } else { 500 };
        std::thread::sleep(Duration::from_millis(dice.random_range(0..most)));
        if dice.random_ratio(1, 3) {
            ground.kill_client(dice.random_range(0..line::USERS));
            clients_killed += 1;
        }
        ground.kill_server();
    }
    ground.talk(false);
    let healed = Instant::now();
    while ground.unfinished() > 0 && healed.elapsed() < HEALING {
        std::thread::sleep(Duration::from_millis(100));
    }
    let report = ground.end();
    eprintln!(
        "{kills} kills of the server and {clients_killed} of clients (seed {seed}): {report}"
    );
    assert!(report.faults.is_empty(), "{:#?}", report.faults);
    // Where the clients hardly came to say anything nothing was shown.
    assert!(report.accepted > 10 * kills, "{report}");
}

/// Not a test: what a client's process runs, which is this program once more.
#[test]
fn a_client_in_a_process_of_its_own() {
    if let Some(part) = client::Part::from_environment() {
        client::run(&part);
    }
}
