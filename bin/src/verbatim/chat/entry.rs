//! What stands on the screen above the prompt: messages of others, own lines with their states, and news.

use super::rows::{Cut, Row, Style};
use crate::device::EARLIER;
use crate::{clean, clock, words};
use verbatim_core::client::{LineId, LineState, Message};
use verbatim_core::name::Recipient;

/// What continued rows begin with. A line of somebody begins with a time, so none can be forged by a line break.
const MARGIN: &str = "      ┊ ";

/// What a line of the history begins with.
const PAST: &str = "· ";

/// One entry.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A message from somebody.
    Message(Message),
    /// An own line.
    Own(Own),
    /// A message or an own line of the history.
    Past(Box<Entry>),
    /// News of the program.
    Said(String),
    /// The line that could not be read as one, as it was typed.
    Typed(String),
}

/// An own line and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) line: LineId,
    /// Milliseconds since 1970.
    pub(crate) time: u64,
    pub(crate) to: Recipient,
    pub(crate) body: String,
    pub(crate) state: LineState,
}

impl Entry {
    /// The rows it takes on a screen of that many columns.
    pub(crate) fn rows(&self, columns: usize, now: u64) -> Vec<Row> {
        let mut rows = Vec::new();
        for (index, line) in self.lines(now).iter().enumerate() {
            let mut wrapped = line.wrap(columns, MARGIN, Cut::Words);
            if index > 0 {
                let mut marked = Row::of(Style::Dim, MARGIN);
                line.pieces
                    .iter()
                    .for_each(|piece| marked.push(piece.style, &piece.text));
                wrapped = marked.wrap(columns, MARGIN, Cut::Words);
            }
            rows.append(&mut wrapped);
        }
        rows
    }

    fn lines(&self, now: u64) -> Vec<Row> {
        match self {
            Entry::Message(message) => message_lines(message, now),
            Entry::Own(own) => own.lines(now),
            Entry::Past(past) => past.lines(now).iter().map(dimmed).collect(),
            Entry::Said(text) => vec![Row::of(Style::Dim, format!("  --  {text}"))],
            Entry::Typed(text) => {
                let lines = clean::lines(text);
                lines
                    .map(|line| Row::of(Style::Plain, format!("      > {line}")))
                    .collect()
            }
        }
    }
}

impl Own {
    fn lines(&self, now: u64) -> Vec<Row> {
        let mut head = Row::of(Style::Dim, clock::text(self.time, now));
        let is_named = (LineId(1)..EARLIER).contains(&self.line);
        match is_named {
            true => head.push(Style::Dim, &format!(" {} ", self.line)),
            false => head.push(Style::Dim, " "),
        }
        head.push(Style::Plain, &format!("→ {}: ", self.to));
        let mut lines = with_body(head, &self.body);
        if let Some(last) = lines.last_mut() {
            let state = words::state(&self.state, self.to);
            last.push(Style::Dim, &format!("  [{state}]"));
        }
        lines
    }

    /// Enough of it to be recognised by, once the line itself has scrolled away.
    pub(crate) fn shortened(mut self) -> Own {
        if let Some((end, _)) = self.body.char_indices().nth(20) {
            self.body.truncate(end);
            self.body.push('…');
        }
        self
    }

    /// The own line of an entry, if it is one.
    pub(crate) fn of(entry: &mut Entry) -> Option<&mut Own> {
        match entry {
            Entry::Own(own) => Some(own),
            Entry::Past(past) => Own::of(past),
            _ => None,
        }
    }

    /// Where a shortened line stands.
    pub(crate) fn news(&self) -> String {
        let state = words::state(&self.state, self.to);
        let body = clean::line(&self.body);
        match self.line < EARLIER {
            true => format!("{} to {}, “{body}”: {state}", self.line, self.to),
            false => format!("to {}, “{body}”: {state}", self.to),
        }
    }
}

fn dimmed(row: &Row) -> Row {
    let mut dim = Row::of(Style::Dim, PAST);
    let pieces = row.pieces.iter();
    pieces.for_each(|piece| dim.push(Style::Dim, &piece.text));
    dim
}

fn message_lines(message: &Message, now: u64) -> Vec<Row> {
    let mut head = Row::of(Style::Dim, clock::text(message.time, now));
    head.push(Style::Plain, " ");
    head.push(Style::Bold, message.from.as_str());
    if message.to == Recipient::All {
        head.push(Style::Plain, " → ALL");
    }
    head.push(Style::Plain, ": ");
    let mut lines = with_body(head, &message.body);
    if let Some(last) = lines.last_mut().filter(|_| message.may_repeat) {
        last.push(Style::Dim, "  [perhaps shown before]");
    }
    lines
}

fn with_body(mut head: Row, body: &str) -> Vec<Row> {
    let mut parts = clean::lines(body);
    head.push(Style::Plain, &parts.next().unwrap_or_default());
    let rest = parts.map(|part| Row::of(Style::Plain, part));
    [head].into_iter().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use verbatim_core::id::{Number, Seq};
    use verbatim_core::name::Name;

    fn shown(entry: &Entry, columns: usize) -> Vec<String> {
        let text = |row: &Row| row.pieces.iter().map(|piece| piece.text.as_str()).collect();
        entry.rows(columns, 0).iter().map(text).collect()
    }

    fn message(body: &str) -> Entry {
        Entry::Message(Message {
            seq: Seq(1),
            from: Name::parse(b"bob").unwrap(),
            to: Recipient::All,
            number: Number(1),
            time: 0,
            body: body.into(),
            may_repeat: false,
        })
    }

    #[test]
    fn a_line_break_and_a_long_line_are_marked_as_going_on() {
        let rows = shown(&message("one\n13:00 carol: two\nthree"), 80);
        assert!(rows[0].ends_with(" bob → ALL: one"));
        assert_eq!(rows[1..], ["      ┊ 13:00 carol: two", "      ┊ three"]);
        let wide = "x".repeat(300);
        assert!(
            shown(&message(&wide), 40)[1..]
                .iter()
                .all(|row| row.starts_with(MARGIN))
        );
    }

    #[test]
    fn no_body_steers_the_terminal() {
        let rows = shown(&message("\u{1b}[2J\r\u{202e}x\u{9b}"), 200);
        assert!(rows[0].ends_with("\\u{1b}[2J\\r\\u{202e}x\\u{9b}"));
    }

    #[test]
    fn history_is_marked() {
        let past = Entry::Past(Box::new(message("one\ntwo")));
        let rows = shown(&past, 80);
        assert!(rows[0].starts_with("· ") && rows[0].ends_with(" bob → ALL: one"));
        assert!(rows[1].ends_with("two"));
    }

    #[test]
    fn an_own_line_shows_its_state() {
        let own = |state| {
            Entry::Own(Own {
                line: LineId(3),
                time: 0,
                to: Recipient::All,
                body: "hi".into(),
                state,
            })
        };
        let counted = own(LineState::Counted { count: 1, of: 2 });
        assert!(shown(&counted, 80)[0].ends_with(" #3 → ALL: hi  [delivered to 1 of 2]"));
        assert!(shown(&own(LineState::Queued), 80)[0].ends_with("[queued]"));
    }
}
