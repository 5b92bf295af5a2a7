//! Whether a picture has what it should, and no text gets out of its place.

use super::page::Page;
use crate::checker::{Violation, judge};
use crate::history::{DeviceNews, What};
use crate::plan::Plan;
use crate::run::{Options, Outcome, Substrate, run};
use serde_json::Value;
use std::time::Duration;

const PLAN: &str = "\
seed 7
tick 1
random-order false
segments-max 4096
chop permille=500 bytes-max=20 pause-max=5
tight away=false room=false pages=false beat=false
host 0 latency=10
host 1 latency=20
user 0 ann host=0 session keeps=messages window=256,262144 waits=false write-max=0
user 1 ben host=1 session keeps=messages window=256,262144 waits=false write-max=0
user 2 cat host=1 classic reads-once=false think-max=0 ahead=0
0 user 0 begin
0 user 1 begin
0 user 2 begin
1000 user 0 say to=1 lines=2 bytes=30 age=0
1500 user 2 say to=0 lines=1 bytes=0 age=0
2000 hold host=0 span=500
2100 user 0 say to=all lines=1 bytes=0 age=0
3000 partition host=1 span=4000
3100 user 1 say to=0 lines=1 bytes=0 age=0
7500 one-way host=0 to-server=true span=1000
8000 user 1 dark 300
8500 user 1 deaf 300
9000 user 1 pause 300
9500 user 0 usurp 300
10000 server-crash power=false span=500
11000 user 0 crash dark=0
11100 user 0 begin
12000 heal
";

fn ran() -> (Plan, Outcome) {
    let plan: Plan = PLAN.parse().expect("the plan has no mistake");
    let options = Options {
        flights: true,
        ..Options::default()
    };
    let outcome = run(&plan, Substrate::Events, options);
    (plan, outcome)
}

/// A run in whose history a delivery is missing that was written, as the checker judges it.
fn failed() -> (Plan, Outcome) {
    let (plan, mut outcome) = ran();
    let wrote = |what: &What| matches!(what, What::Device(_, DeviceNews::Wrote { .. }));
    let first = outcome.events.iter().position(|event| wrote(&event.what));
    outcome.events.remove(first.expect("somebody wrote one"));
    outcome.violations = judge(&plan, &outcome.events);
    assert!(!outcome.violations.is_empty());
    (plan, outcome)
}

fn page((plan, outcome): &(Plan, Outcome), again: &str) -> String {
    Page {
        plan,
        outcome,
        again,
    }
    .to_string()
}

/// What lies between the first such two texts.
fn inside<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).expect("it is there");
    rest.split_once(after).expect("it ends").0
}

fn scene(page: &str) -> Value {
    let json = inside(page, "id=\"run\">", "</script>");
    serde_json::from_str(json).expect("the run is JSON")
}

/// All arrays of a scene's objects of that name.
fn list<'a>(scene: &'a Value, name: &str) -> &'a [Value] {
    scene[name].as_array().expect("a list")
}

/// Whether one of an arrow's words begins so.
fn says(flight: &Value, start: &str) -> bool {
    let mut words = list(flight, "words").iter().filter_map(Value::as_str);
    words.any(|word| word.starts_with(start))
}

/// Walks through the tags: each that opens closes, in order, and no text has a bare bracket or ampersand.
fn check_form(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!doctype html>").expect("the doctype");
    while let Some((text, after)) = rest.split_once('<') {
        check_text(text);
        let (tag, after) = after.split_once('>').expect("each tag ends");
        let name = tag.split(' ').next().expect("a name");
        rest = after;
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{tag}"),
            None if matches!(name, "meta" | "input") => {}
            None => open.push(name),
        }
        if matches!(name, "script" | "style") {
            let end = rest.find(&format!("</{name}")).expect("it ends");
            rest = &rest[end..];
        }
    }
    check_text(rest);
    assert!(open.is_empty(), "{open:?} stay open");
}

fn check_text(text: &str) {
    assert!(!text.contains('>'), "{text:?}");
    for after in text.split('&').skip(1) {
        let (name, _) = after.split_once(';').expect("an escape ends");
        assert!(["lt", "gt", "amp", "quot", "#39"].contains(&name), "{name}");
    }
}

#[test]
fn a_failing_run_shows_what_failed_and_where() {
    let failed = failed();
    let page = page(&failed, "replay small.plan");
    check_form(&page);
    let violation = &failed.1.violations[0];
    let title = inside(&page, "<title>", "</title>");
    assert!(title.starts_with(&format!("Seed 7 breaks {}", violation.rule)));
    assert!(inside(&page, "id=\"violations\">", "</ol>").contains(violation.rule));
    let scene = scene(&page);
    let told = &list(&scene, "violations")[0];
    assert_eq!(told["rule"], violation.rule);
    assert_eq!(told["what"], violation.what.as_str());
    assert_eq!(told["at"].as_u64(), Some(violation.at.as_micros() as u64));
    assert!(page.contains("partition host=1 span=4000"));
    assert!(page.contains("replay small.plan"));
}

#[test]
fn a_run_that_keeps_everything_says_so() {
    let page = page(&ran(), "replay 7");
    check_form(&page);
    assert_eq!(
        inside(&page, "<title>", "</title>"),
        "Seed 7 keeps every guarantee"
    );
    assert_eq!(inside(&page, "id=\"violations\">", "</ol>"), "");
    assert!(list(&scene(&page), "violations").is_empty());
}

#[test]
fn all_that_the_plan_does_is_in_the_scene() {
    let scene = scene(&page(&ran(), ""));
    let kinds: Vec<_> = list(&scene, "bands")
        .iter()
        .map(|band| &band["kind"])
        .collect();
    let wanted = "partition one-way-up hold dark deaf pause usurp down runs online";
    for kind in wanted.split(' ') {
        assert!(kinds.iter().any(|is| *is == kind), "{kind}");
    }
    let flights = list(&scene, "flights");
    for frame in "HELLO WELCOME SEND ACCEPTED DELIVER ACK REGISTER RECEIPT PING FORWARD".split(' ')
    {
        assert!(flights.iter().any(|flight| says(flight, frame)), "{frame}");
    }
    let lost = |flight: &&Value| flight["came"].is_null() && flight["held"].is_null();
    assert!(flights.iter().any(|flight| lost(&flight)));
    assert!(flights.iter().any(|flight| flight["left"].is_u64()));
    assert!(flights.iter().any(|flight| flight["other"] == true));
    let first = "SEND ben id=1 (30 bytes) \"u0.1\"";
    let frames = flights.iter().filter(|flight| says(flight, first));
    assert_eq!(frames.count(), 1);
}

#[test]
fn no_text_gets_out_of_its_place() {
    let (plan, mut outcome) = failed();
    let what = "</script><img src=x onerror=\"alert('&amp;')\"> \u{2028}{{run}}".to_owned();
    let (rule, at) = ("G0 <b>", Duration::ZERO);
    outcome.violations = vec![Violation { rule, at, what }];
    let what = outcome.violations[0].what.clone();
    let page = page(&(plan, outcome), "replay '<i>.plan'");
    check_form(&page);
    assert!(!page.contains("<img") && !page.contains("<i>") && !page.contains("<b>\n"));
    assert_eq!(scene(&page)["violations"][0]["what"], what);
}

#[test]
fn no_secret_is_in_the_picture() {
    let page = page(&failed(), "");
    let words = page.split(|letter: char| !letter.is_ascii_hexdigit());
    let longest = words.max_by_key(|word| word.len()).unwrap_or_default();
    assert!(longest.len() < 32, "{longest}");
}

#[test]
fn flights_are_recorded_only_when_they_are_wanted() {
    let plan: Plan = PLAN.parse().expect("the plan has no mistake");
    let outcome = run(&plan, Substrate::Events, Options::default());
    assert!(outcome.flights.is_empty());
    assert_eq!(outcome.events, ran().1.events);
}
