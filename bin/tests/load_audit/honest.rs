//! The real server under a little load: every audit is clean.

use crate::load::audit::Findings;
use crate::load::classic::Classic;
use crate::load::contest::Scenario;
use crate::load::home::Home;
use crate::load::report::Outcome;
use crate::load::session::Session;
use crate::load::speech::Level;
use crate::load::subject::{Subject, Target};
use crate::load::{churn, cuts, durable, fan_out, idle, pairs, ping_pong, restart, stopped};
use std::io;
use std::path::Path;

const PROGRAM: &str = env!("CARGO_BIN_EXE_verbatimd");

fn with_server(play: impl FnOnce(Target) -> io::Result<Outcome>) -> Outcome {
    let arguments = ["--listen", "127.0.0.1:0", "--engine", "memory"];
    let server = Subject::start(Path::new(PROGRAM), &arguments).unwrap();
    let outcome = play(server.target()).unwrap();
    server.stop().unwrap();
    outcome
}

fn audited<L: Level>(level: &L, scenario: &impl Scenario) -> Findings {
    let outcome = with_server(|target| scenario.play(level, target));
    assert_eq!(outcome.faults, Vec::<String>::new());
    outcome.findings
}

fn pairs(in_flight: usize) -> pairs::Plan {
    pairs::Plan {
        pairs: 4,
        in_flight,
        bytes: 100,
        warm_up: 0.05,
        seconds: 0.2,
        settling: 10.0,
    }
}

#[test]
fn pairs_at_both_levels() {
    assert_eq!(
        audited(&Session::default(), &pairs(64)),
        Findings::default()
    );
    assert_eq!(audited(&Classic, &pairs(1)), Findings::default());
}

#[test]
fn ping_pong_at_both_levels() {
    let plan = ping_pong::Plan {
        bytes: 100,
        warm_up: 0.05,
        seconds: 0.1,
        settling: 10.0,
        core: None,
    };
    assert_eq!(audited(&Session::default(), &plan), Findings::default());
    assert_eq!(audited(&Classic, &plan), Findings::default());
}

#[test]
fn one_to_all_at_both_levels() {
    let plan = |in_flight| fan_out::Plan {
        readers: 10,
        in_flight,
        bytes: 100,
        warm_up: 0.05,
        seconds: 0.1,
        settling: 10.0,
    };
    assert_eq!(audited(&Session::default(), &plan(16)), Findings::default());
    assert_eq!(audited(&Classic, &plan(1)), Findings::default());
}

#[test]
fn a_reader_that_stops_gets_all_in_the_end() {
    let findings = audited(&Session::default(), &stopped::Plan(pairs(64)));
    assert_eq!(findings, Findings::default());
}

#[test]
fn users_that_come_and_go_and_users_that_do_nothing() {
    let plan = churn::Plan {
        at_once: 4,
        bytes: 100,
        warm_up: 0.05,
        seconds: 0.1,
    };
    assert_eq!(audited(&Session::default(), &plan), Findings::default());
    let plan = idle::Plan {
        users: 20,
        messages: 0,
        bytes: 100,
        seconds: 0.1,
    };
    assert_eq!(audited(&Session::default(), &plan), Findings::default());
    assert_eq!(audited(&Classic, &plan), Findings::default());
}

#[test]
fn links_that_are_cut_lose_nothing() {
    let plan = cuts::Plan {
        users: 5,
        in_flight: 64,
        bytes: 100,
        every: 0.03,
        warm_up: 0.1,
        seconds: 1.0,
        settling: 60.0,
        seed: 1,
    };
    let outcome = with_server(|target| plan.play(target));
    assert_eq!(outcome.faults, Vec::<String>::new());
    assert_eq!(outcome.findings, Findings::default());
    assert!(cuts_of(&outcome) > 5.0, "links were cut: {outcome:?}");
}

fn cuts_of(outcome: &Outcome) -> f64 {
    let found = outcome.figures.iter().find(|it| it.0 == "cuts");
    found.map_or(0.0, |it| it.1)
}

#[test]
fn all_come_back_when_the_server_does() {
    let home = Home::on_disk(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let memory = ["--engine", "memory"].map(String::from).to_vec();
    for (stays, arguments) in [(false, memory), (true, home.arguments())] {
        let plan = restart::Plan {
            users: 50,
            seconds: 0.1,
            away: 0.2,
            settling: 60.0,
            stays,
        };
        let outcome = plan.play(Path::new(PROGRAM), &arguments).unwrap();
        assert_eq!(outcome.faults, Vec::<String>::new());
        assert_eq!(outcome.findings, Findings::default());
    }
}

#[test]
fn what_is_durable_is_all_there() {
    let plan = durable::Plan {
        many: pairs(64),
        below: env!("CARGO_TARGET_TMPDIR").into(),
    };
    let outcome = plan.play(Path::new(PROGRAM), &[]).unwrap();
    assert_eq!(outcome.faults, Vec::<String>::new());
    assert_eq!(outcome.findings, Findings::default());
}
