//! A foreign server as a machine: what one read of a connection gave it goes in, what it writes comes out. As the
//! programs that it stands for, it takes one read for one message, and serves one line to one recipient at a time.

use super::ServerRow;
use std::collections::BTreeMap;
use verbatim_core::classic::Side;

/// One connection of a server.
pub type Wire = u64;

/// What it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Write this.
    Write(Wire, Vec<u8>),
    /// Close it, and what it knows of its user.
    Close(Wire),
}

#[derive(Debug)]
struct Line {
    from: String,
    to: String,
    text: String,
    /// Those who have not acknowledged it; the first one is being waited for.
    left: Vec<String>,
}

/// One such server.
#[derive(Debug)]
pub struct ForeignServer {
    row: ServerRow,
    sends: BTreeMap<String, Wire>,
    receives: BTreeMap<String, Wire>,
    lines: Vec<Line>,
}

impl ForeignServer {
    /// A server of that row.
    pub fn new(row: ServerRow) -> ForeignServer {
        ForeignServer {
            row,
            sends: BTreeMap::new(),
            receives: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    /// One read of a connection gave these bytes.
    pub fn on_read(&mut self, wire: Wire, bytes: &[u8]) -> Vec<Deed> {
        let heard = String::from_utf8_lossy(bytes).into_owned();
        if let Some(user) = holder(&self.receives, wire) {
            return self.on_received(&user, &heard);
        }
        if let Some(user) = holder(&self.sends, wire) {
            return self.on_send(wire, &user, &heard);
        }
        self.on_register(wire, &heard)
    }

    /// A connection ended.
    pub fn on_closed(&mut self, wire: Wire) -> Vec<Deed> {
        let gone = holder(&self.receives, wire).or(holder(&self.sends, wire));
        self.sends.retain(|_, one| *one != wire);
        self.receives.retain(|_, one| *one != wire);
        let mut deeds = Vec::new();
        if let Some(user) = gone {
            let waiting = |line: &Line| line.left.first() == Some(&user);
            while let Some(at) = self.lines.iter().position(waiting) {
                let line = self.lines.remove(at);
                let to = self.sends.get(&line.from).copied();
                deeds.extend(to.map(|to| self.error(to, "ERROR 102 Unable to send")));
            }
        }
        deeds
    }

    fn on_register(&mut self, wire: Wire, heard: &str) -> Vec<Deed> {
        let mut words = heard.split_whitespace();
        let (register, word, name) = (words.next(), words.next(), words.next());
        let ends = self.row.register_end.is_none_or(|end| heard.ends_with(end));
        let side = [Side::Send, Side::Receive]
            .into_iter()
            .find(|side| word == Some(side.word()));
        let (Some("REGISTER"), Some(side), Some(name), true) = (register, side, name, ends) else {
            return vec![self.error(wire, "ERROR 101 No user registered")];
        };
        let other_is_there = match side {
            Side::Send => self.receives.contains_key(name),
            Side::Receive => self.sends.contains_key(name),
        };
        if self.row.wants_first.is_some_and(|first| first != side) && !other_is_there {
            return vec![self.error(wire, "ERROR 100 Malformed username")];
        }
        match side {
            Side::Send => self.sends.insert(name.to_owned(), wire),
            Side::Receive => self.receives.insert(name.to_owned(), wire),
        };
        let end = self.row.registered_end;
        let said = format!("REGISTERED {} {name}{end}", side.word());
        vec![Deed::Write(wire, said.into_bytes())]
    }

    fn on_send(&mut self, wire: Wire, user: &str, heard: &str) -> Vec<Deed> {
        let Some((to, text)) = self.line_in(heard) else {
            let error = self.error(wire, "ERROR 103 Header Incomplete");
            self.sends.remove(user);
            return vec![error, Deed::Close(wire)];
        };
        let all = to == self.row.everybody;
        let others = self.receives.keys().filter(|one| *one != user).cloned();
        let left: Vec<String> = match all {
            true => others.collect(),
            false => self
                .receives
                .contains_key(to)
                .then(|| to.to_owned())
                .into_iter()
                .collect(),
        };
        if left.is_empty() {
            return vec![self.error(wire, self.row.nobody)];
        }
        self.lines.push(Line {
            from: user.to_owned(),
            to: to.to_owned(),
            text: text.to_owned(),
            left,
        });
        let line = self.lines.last().expect("one was just put in");
        vec![self.forward(line)]
    }

    /// Recipient and text of a line, if this server can read it.
    fn line_in<'a>(&self, heard: &'a str) -> Option<(&'a str, &'a str)> {
        let (first, rest) = heard.split_once('\n')?;
        let to = first.strip_prefix("SEND ")?;
        let rest = rest.strip_prefix("Content-length: ")?;
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let text = rest[digits..].strip_prefix(self.row.head_end)?;
        let agrees = self.row.counts.agrees(&rest[..digits], text);
        (agrees && !text.starts_with('\n')).then_some((to, text))
    }

    fn forward(&self, line: &Line) -> Deed {
        let length = self.row.counts.of(&line.text).to_string();
        let frame = self.row.forward.replace("{s}", &line.from);
        let frame = frame.replace("{n}", &length).replace("{b}", &line.text);
        Deed::Write(self.receives[&line.left[0]], frame.into_bytes())
    }

    fn on_received(&mut self, user: &str, heard: &str) -> Vec<Deed> {
        let waits = |line: &Line| line.left.first().is_some_and(|one| one == user);
        let Some(at) = self.lines.iter().position(waits) else {
            return Vec::new();
        };
        let mut line = self.lines.remove(at);
        let Some(sender) = self.sends.get(&line.from).copied() else {
            return Vec::new();
        };
        if heard != self.row.received.replace("{s}", &line.from) {
            return vec![self.error(sender, "ERROR 103 Header Incomplete")];
        }
        line.left.remove(0);
        let mut deeds = Vec::new();
        if line.left.is_empty() || self.row.each {
            let (sent, side) = self.row.sent;
            let sent = sent.replace("{r}", &line.to).replace("{s}", &line.from);
            let to = match side {
                Side::Send => sender,
                Side::Receive => self.receives[&line.from],
            };
            deeds.push(Deed::Write(to, sent.into_bytes()));
        }
        if !line.left.is_empty() {
            deeds.push(self.forward(&line));
            self.lines.push(line);
        }
        deeds
    }

    fn error(&self, wire: Wire, text: &str) -> Deed {
        Deed::Write(wire, format!("{text}{}", self.row.error_end).into_bytes())
    }
}

fn holder(wires: &BTreeMap<String, Wire>, wire: Wire) -> Option<String> {
    let found = wires.iter().find(|(_, one)| **one == wire);
    found.map(|(user, _)| user.clone())
}
