//! One seed, one run: a talk of both levels with latencies drawn from the seed, down to the last byte.
#![forbid(unsafe_code)]

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sim_tests::{Classic, Latency, Session, Setting, World};
use std::time::Duration;

const NAMES: [&str; 6] = ["ann", "ben", "cat", "dan", "eve", "fay"];
const ROUNDS: u32 = 400;

/// What can be told from a run: the transcript, and every byte that every client heard.
#[derive(PartialEq, Eq)]
struct Evidence {
    transcript: String,
    heard: Vec<Vec<u8>>,
}

/// Three users of each level who talk without order.
struct Talk {
    world: World,
    random: ChaCha8Rng,
    sessions: Vec<(Session, u64)>,
    /// With whether a line of theirs waits for its answer.
    classics: Vec<(Classic, bool)>,
}

impl Talk {
    fn new(seed: u64, latency: Latency) -> Talk {
        let world = World::new(Setting { seed, latency });
        let sessions = NAMES[..3].iter().map(|name| (world.session(name), 0));
        let sessions = sessions.collect();
        let classics = NAMES[3..].iter().map(|name| (world.classic(name), false));
        let classics = classics.collect();
        Talk {
            world,
            random: ChaCha8Rng::seed_from_u64(seed),
            sessions,
            classics,
        }
    }

    fn round(&mut self) {
        self.world.step();
        for at in 0..3 {
            self.session_turn(at);
            self.classic_turn(at);
        }
    }

    fn session_turn(&mut self, at: usize) {
        let words = self.line();
        let (session, id) = &mut self.sessions[at];
        while let Some(line) = session.next_line() {
            if line.starts_with("DELIVER") {
                session.ack();
            }
        }
        if let Some((to, body)) = words {
            *id += 1;
            session.send(to, *id, &body);
        }
    }

    fn classic_turn(&mut self, at: usize) {
        let words = self.line();
        let (classic, waits) = &mut self.classics[at];
        if !classic.receiving.is_silent() {
            let forward = classic.receiving.read_once(2048);
            let forward = String::from_utf8(forward).expect("a FORWARD of ASCII");
            let from = forward
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("FORWARD "));
            classic.received(from.expect("nothing else comes on this connection"));
        }
        if !classic.sending.is_silent() {
            classic.sending.read_once(2048);
            *waits = false;
        }
        if let Some((to, body)) = words.filter(|_| !*waits) {
            classic.send(to, &body);
            *waits = true;
        }
    }

    /// Perhaps somebody to write to, and what. Drawn whether it can be sent or not.
    fn line(&mut self) -> Option<(&'static str, String)> {
        let draw = self.random.next_u64();
        let to = match draw % 8 {
            6 => "ALL",
            7 => "nobody",
            which => NAMES[which as usize],
        };
        (draw >> 8)
            .is_multiple_of(20)
            .then(|| (to, format!("{:x}", draw >> 32)))
    }

    fn evidence(mut self) -> Evidence {
        let mut heard: Vec<Vec<u8>> = self
            .sessions
            .iter_mut()
            .map(|(session, _)| session.connection().bytes())
            .collect();
        for (classic, _) in &self.classics {
            heard.extend([classic.sending.bytes(), classic.receiving.bytes()]);
        }
        let transcript = self.world.transcript();
        Evidence { transcript, heard }
    }
}

fn run(seed: u64, latency: Latency) -> Evidence {
    let mut talk = Talk::new(seed, latency);
    (0..ROUNDS).for_each(|_| talk.round());
    talk.evidence()
}

fn assert_same(one: &Evidence, other: &Evidence, seed: u64) {
    let mut lines = one.transcript.lines().zip(other.transcript.lines());
    if let Some((left, right)) = lines.find(|(left, right)| left != right) {
        panic!("seed {seed}: the runs part here\n{left}\n{right}");
    }
    assert!(
        one == other,
        "seed {seed}: the runs part in what was heard, or in their ends"
    );
}

#[test]
fn the_same_seed_gives_identical_bytes() {
    let latency = Latency::UpTo(Duration::from_millis(40));
    for seed in 0..10 {
        let first = run(seed, latency);
        let lines = first.transcript.lines().count();
        assert!(lines > 200, "seed {seed}: {lines} lines are no talk");
        assert_same(&first, &run(seed, latency), seed);
    }
}

#[test]
fn another_seed_gives_another_run() {
    let latency = Latency::UpTo(Duration::from_millis(40));
    assert!(run(1, latency).transcript != run(2, latency).transcript);
}

#[test]
fn what_a_server_draws_at_random_is_in_no_transcript() {
    let script = |seed| {
        let latency = Latency::Fixed(Duration::from_millis(10));
        let world = World::new(Setting { seed, latency });
        let (mut alice, mut bob) = (world.session("alice"), world.session("bob"));
        alice.send("bob", 1, "hi");
        bob.takes("alice", "hi");
        alice.expect("ACCEPTED");
        (world.transcript(), alice.connection().bytes())
    };
    let (one, other) = (script(1), script(2));
    assert_eq!(one.0, other.0);
    assert!(one.1 != other.1, "store and epoch are on the wire");
    assert!(!one.0.contains("Device"));
}
