//! The screen as a terminal shows it: drawn into an emulator, read back as text.

use super::editor::Editor;
use super::entry::{Entry, Own};
use super::screen::Screen;
use std::num::NonZeroU16;
use verbatim_core::client::{LineId, LineState};
use verbatim_core::name::Recipient;

/// An emulated terminal with a screen drawn on it.
struct Shown {
    terminal: vt100::Parser,
    screen: Screen,
    editor: Editor,
}

fn nonzero(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).unwrap()
}

impl Shown {
    fn new(columns: u16, rows: u16) -> Shown {
        Shown {
            terminal: vt100::Parser::new(nonzero(rows), nonzero(columns), 1_000),
            screen: Screen::new((columns, rows)),
            editor: Editor::default(),
        }
    }

    fn draw(&mut self, status: Option<&str>) -> Vec<Own> {
        let mut out = Vec::new();
        let past = self
            .screen
            .draw("me> ", status, &self.editor, 0, &mut out)
            .unwrap();
        self.terminal.process(&out);
        past
    }

    fn say(&mut self, text: &str) {
        self.screen.push(Entry::Said(text.into()));
        self.draw(None);
    }

    fn own(&mut self, line: u64) -> Vec<Own> {
        self.screen.push(Entry::Own(Own {
            line: LineId(line),
            time: 0,
            to: Recipient::All,
            body: "hi".into(),
            state: LineState::Queued,
        }));
        self.draw(None)
    }

    /// The rows that are not empty, without the time of day.
    fn rows(&self) -> Vec<String> {
        let text = self.terminal.screen().contents();
        text.lines().map(|row| row.trim_end().to_owned()).collect()
    }
}

#[test]
fn what_arrives_goes_above_the_prompt_and_leaves_it_whole() {
    let mut shown = Shown::new(40, 10);
    shown.draw(Some("connecting"));
    assert_eq!(shown.rows(), ["connecting", "me>"]);
    shown.editor.insert("half a li");
    shown.say("one");
    shown.say("two");
    assert_eq!(shown.rows(), ["  --  one", "  --  two", "me> half a li"]);
    assert_eq!(shown.terminal.screen().cursor_position(), (2, 13));
}

#[test]
fn what_is_live_is_drawn_anew_below_what_the_shell_wrote() {
    let mut shown = Shown::new(40, 10);
    shown.editor.insert("half a li");
    shown.say("one");
    let before = shown.rows();
    let mut out = Vec::new();
    shown.screen.hide(&mut out).unwrap();
    out.extend(b"[1]+  Stopped\r\n$ fg\r\n");
    shown.terminal.process(&out);
    shown.draw(None);
    let below: Vec<String> = ["[1]+  Stopped", "$ fg"].map(String::from).into();
    assert_eq!(shown.rows(), [below, before].concat());
}

#[test]
fn a_state_changes_in_place_and_scrolls_away_with_its_line() {
    let mut shown = Shown::new(60, 5);
    shown.own(1);
    shown.say("one");
    assert!(shown.screen.set_state(LineId(1), LineState::Delivered));
    shown.draw(None);
    let rows = shown.rows();
    assert!(rows[0].ends_with("#1 → ALL: hi  [delivered]"), "{rows:?}");
    let mut past = Vec::new();
    for line in 2..=9 {
        past.extend(shown.own(line).iter().map(|own| own.line.0));
    }
    assert_eq!(past, [1, 2, 3, 4, 5]);
    assert!(!shown.screen.set_state(LineId(1), LineState::Left));
    assert_eq!(shown.rows().len(), 5);
    shown.terminal.screen_mut().set_scrollback(100);
    assert!(
        shown.rows()[0].contains("#1 → ALL: hi  [delivered]"),
        "{:?}",
        shown.rows()
    );
}

#[test]
fn a_long_text_is_typed_over_several_rows() {
    let mut shown = Shown::new(20, 6);
    shown.say("one");
    shown.editor.insert("日本語 and a text that goes on and on");
    shown.draw(None);
    let rows = shown.rows();
    assert_eq!(rows[0], "  --  one");
    assert_eq!(
        rows[1..].concat().replace(' ', ""),
        "me>日本語andatextthatgoesonandon"
    );
    shown.editor.take();
    shown.say("two");
    assert_eq!(shown.rows(), ["  --  one", "  --  two", "me>"]);
}

#[test]
fn no_size_is_too_small_and_no_entry_too_long() {
    for (columns, height) in [(1, 1), (8, 4), (300, 2)] {
        let mut shown = Shown::new(columns, height);
        shown.editor.insert(&"long ".repeat(100));
        shown.say(&"word ".repeat(200));
        shown.screen.resize((columns + 5, height + 1));
        shown.say("after");
        shown.screen.resize((1, 1));
        shown.draw(Some("status"));
    }
}

#[test]
fn the_end_leaves_what_was_said_and_takes_the_prompt_away() {
    let mut shown = Shown::new(40, 6);
    shown.say("one");
    shown.editor.insert("unfinished");
    shown.draw(Some("ending"));
    let mut out = Vec::new();
    shown.screen.close(&mut out).unwrap();
    shown.terminal.process(&out);
    assert_eq!(shown.rows(), ["  --  one"]);
    assert_eq!(shown.terminal.screen().cursor_position(), (1, 0));
}
