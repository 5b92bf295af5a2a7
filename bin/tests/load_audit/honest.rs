//! The real server under a little load: every audit is clean.

use crate::load::audit::Findings;
use crate::load::classic::Classic;
use crate::load::contest::Scenario;
use crate::load::session::Session;
use crate::load::speech::Level;
use crate::load::subject::Subject;
use crate::load::{churn, fan_out, idle, pairs, ping_pong, stopped};
use std::path::Path;

fn audited<L: Level>(level: &L, scenario: &impl Scenario) -> Findings {
    let program = Path::new(env!("CARGO_BIN_EXE_verbatimd"));
    let server = Subject::start(program, &["--listen", "127.0.0.1:0"]).unwrap();
    let outcome = scenario.play(level, server.target()).unwrap();
    server.stop().unwrap();
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
