//! What a chat asks its client for, by what is typed and what has come.

use super::Chat;
use crate::line;
use crate::options::Options;
use clap::Parser;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use verbatim_core::client::{LineId, Notice, WhyAway};
use verbatim_net::Request;

fn options() -> Options {
    Options::try_parse_from(["verbatim", "alice"]).unwrap()
}

fn chat(options: &Options) -> (Chat<'_>, UnboundedReceiver<Request>) {
    let (requests, asked) = unbounded_channel();
    (Chat::new(options, false, requests, (80, 24)), asked)
}

#[test]
fn a_line_can_be_taken_back_as_soon_as_it_stands_there_as_queued() {
    let options = options();
    let (mut chat, mut asked) = chat(&options);
    chat.on_line(line::parse("@bob: hi"), "@bob: hi");
    chat.on_line(line::parse("/withdraw"), "/withdraw");
    assert!(matches!(asked.try_recv(), Ok(Request::Submit { .. })));
    assert!(matches!(asked.try_recv(), Ok(Request::Withdraw(LineId(1)))));
    chat.on_line(line::parse("/withdraw 2"), "/withdraw 2");
    assert!(asked.try_recv().is_err(), "there is no line 2");
}

#[test]
fn after_a_refused_name_nothing_is_waited_for() {
    let options = options();
    let (mut chat, mut asked) = chat(&options);
    chat.on_line(line::parse("@bob: hi"), "@bob: hi");
    assert!(matches!(asked.try_recv(), Ok(Request::Submit { .. })));
    chat.on_notice(&Notice::Away(WhyAway::NameTaken { left: None }));
    chat.on_line(line::parse("/quit"), "/quit");
    assert!(matches!(asked.try_recv(), Ok(Request::Leave { .. })));
}
