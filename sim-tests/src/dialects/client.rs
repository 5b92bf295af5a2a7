//! A foreign client as a machine: what one read gave it goes in, what it writes comes out.

use super::{ClientRow, Compares};
use std::collections::VecDeque;
use verbatim_core::classic::Side;

/// What a user of such a program sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Both halves are registered.
    Registered,
    /// A line came: from whom, and its text.
    Line(String, String),
    /// What came of a line: to whom it was, its text, and what was said.
    Told(String, String, Told),
    /// A line came whose length is not what it counts: it was complained about.
    Complained,
    /// Something came that this program does not know.
    Misread(String),
}

/// What a program says of its user's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It arrived.
    Arrived,
    /// It did not: the number of the error.
    Refused(u16),
    /// The program does not know this answer.
    Unknown(String),
}

/// What it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Open the connection of this half.
    Connect(Side),
    /// Write this.
    Write(Side, Vec<u8>),
    /// Tell the user.
    Tell(News),
}

/// One user of such a program.
#[derive(Debug)]
pub struct ForeignClient {
    row: ClientRow,
    user: String,
    open: Vec<Side>,
    registered: Vec<Side>,
    unread: [Vec<u8>; 2],
    said: Option<(String, String)>,
    queue: VecDeque<(String, String)>,
}

impl ForeignClient {
    /// A user of the program of that row.
    pub fn new(row: ClientRow, user: &str) -> ForeignClient {
        ForeignClient {
            row,
            user: user.to_owned(),
            open: Vec::new(),
            registered: Vec::new(),
            unread: [Vec::new(), Vec::new()],
            said: None,
            queue: VecDeque::new(),
        }
    }

    /// The program begins.
    pub fn start(&self) -> Vec<Act> {
        let first = self.row.first.unwrap_or(Side::Send);
        match self.row.connects_both {
            true => vec![Act::Connect(first), Act::Connect(other(first))],
            false => vec![Act::Connect(first)],
        }
    }

    /// A connection is open.
    pub fn on_connected(&mut self, side: Side) -> Vec<Act> {
        self.open.push(side);
        if self.row.connects_both && self.open.len() < 2 {
            return Vec::new();
        }
        match self.row.first {
            None => vec![self.register(Side::Send), self.register(Side::Receive)],
            Some(first) if self.registered.is_empty() => vec![self.register(first)],
            Some(_) => vec![self.register(side)],
        }
    }

    fn register(&self, side: Side) -> Act {
        let (word, end) = (side.word(), self.row.register_end);
        let frame = format!("REGISTER {word} {}{end}", self.user);
        Act::Write(side, frame.into_bytes())
    }

    /// One read gave these bytes.
    pub fn on_read(&mut self, side: Side, bytes: &[u8]) -> Vec<Act> {
        let unread = &mut self.unread[side as usize];
        unread.extend_from_slice(bytes);
        let heard = String::from_utf8_lossy(unread).into_owned();
        if !self.registered.contains(&side) {
            self.unread[side as usize].clear();
            return self.on_registered(side, &heard);
        }
        if side == Side::Send {
            self.unread[side as usize].clear();
            return self.on_answer(&heard);
        }
        if self.row.reads_lines && heard.matches('\n').count() < 4 {
            return Vec::new();
        }
        self.unread[side as usize].clear();
        self.on_forward(&heard)
    }

    fn on_registered(&mut self, side: Side, heard: &str) -> Vec<Act> {
        let line = format!("REGISTERED {} {}", side.word(), self.user);
        if !self.row.registered.takes(heard, &line) {
            return vec![misread(heard)];
        }
        self.registered.push(side);
        if self.registered.len() == 2 {
            let mut acts = vec![Act::Tell(News::Registered)];
            acts.extend(self.next());
            return acts;
        }
        match (self.row.first, self.row.connects_both) {
            (None, _) => Vec::new(),
            (Some(_), true) => vec![self.register(other(side))],
            (Some(_), false) => vec![Act::Connect(other(side))],
        }
    }

    /// The user types a line; it goes out when the one before it is answered.
    pub fn say(&mut self, to: &str, text: &str) -> Vec<Act> {
        self.queue.push_back((to.to_owned(), text.to_owned()));
        self.next()
    }

    fn next(&mut self) -> Vec<Act> {
        if self.registered.len() < 2 || self.said.is_some() {
            return Vec::new();
        }
        let Some((to, text)) = self.queue.pop_front() else {
            return Vec::new();
        };
        let length = self.row.counts.of(&text).to_string();
        let frame = self.row.send.replace("{r}", &to);
        let frame = frame.replace("{n}", &length).replace("{b}", &text);
        self.said = Some((to, text));
        vec![Act::Write(Side::Send, frame.into_bytes())]
    }

    fn on_answer(&mut self, heard: &str) -> Vec<Act> {
        let Some((to, text)) = self.said.take() else {
            return vec![misread(heard)];
        };
        let told = self.judge(&to, heard);
        let mut acts = vec![Act::Tell(News::Told(to, text, told))];
        acts.extend(self.next());
        acts
    }

    fn judge(&self, to: &str, heard: &str) -> Told {
        let arrived = match self.row.sent {
            Some((word, compares)) => compares.takes(heard, &format!("{word} {to}")),
            None => heard.starts_with("SEN"),
        };
        let end = match self.row.sent {
            Some((_, Compares::Whole(end))) => Compares::Whole(end),
            _ => Compares::Beginning,
        };
        let incomplete = self.row.incomplete.unwrap_or("ERROR 103");
        if arrived {
            Told::Arrived
        } else if end.takes(heard, "ERROR 102 Unable to send") {
            Told::Refused(102)
        } else if end.takes(heard, incomplete) {
            Told::Refused(103)
        } else {
            Told::Unknown(heard.to_owned())
        }
    }

    fn on_forward(&mut self, heard: &str) -> Vec<Act> {
        let Some((from, length, text)) = parts(heard) else {
            return vec![misread(heard), self.complaint()];
        };
        let text = match self.row.reads_lines {
            true => text.strip_suffix('\n').unwrap_or(text),
            false => text,
        };
        if !self.row.checks.agrees(length, text) {
            return vec![Act::Tell(News::Complained), self.complaint()];
        }
        let (received, side) = self.row.received;
        let received = received.replace("{s}", from).into_bytes();
        let line = News::Line(from.to_owned(), text.trim_end_matches('\n').to_owned());
        vec![Act::Tell(line), Act::Write(side, received)]
    }

    fn complaint(&self) -> Act {
        let side = self.row.received.1;
        Act::Write(side, b"ERROR 103 Header Incomplete\n\n".to_vec())
    }
}

/// A `FORWARD`, as programs take it apart: at its first three line ends.
fn parts(heard: &str) -> Option<(&str, &str, &str)> {
    let mut lines = heard.splitn(4, '\n');
    let from = lines.next()?.strip_prefix("FORWARD ")?;
    let length = lines.next()?.strip_prefix("Content-length: ")?;
    lines.next().filter(|line| line.is_empty())?;
    Some((from, length, lines.next()?))
}

fn other(side: Side) -> Side {
    match side {
        Side::Send => Side::Receive,
        Side::Receive => Side::Send,
    }
}

fn misread(heard: &str) -> Act {
    Act::Tell(News::Misread(heard.to_owned()))
}
