//! Transcripts: what went through the router's door, a line for each frame, in a form made for reviewers.
//!
//! A line tells the time since the start, who (a name; with `?` while the server has not confirmed it; before that
//! the connection, counted in the order of opening), which way (`>` to the server, `<` from it, `!` what happened
//! at this end), and the frame as its `Display` says it. Bodies are added only on request, in quotes, with escapes;
//! a device id stands in none.

mod hearing;
mod line;

pub use line::{Mark, put_line, quoted};

use crate::tap::Tap;
use hearing::{Hearing, with_body};
use std::io::Write;
use std::time::Duration;
use verbatim_core::classic::ClassicOut;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;
use verbatim_core::now::{Mono, Now};
use verbatim_core::router::{Input, Outgoing, Output};
use verbatim_core::wire::ServerFrame;

/// Writes what the router's inputs and outputs say.
pub struct Transcript<W> {
    to: W,
    limits: Limits,
    bodies: bool,
    started: Duration,
    talks: Vec<Option<Talk>>,
    opened: u64,
    /// Connections whose last bytes are whole if nothing follows by then.
    ambiguous: Vec<(Mono, ConnId)>,
    lines: String,
    broken: bool,
}

/// One connection.
#[derive(Default)]
struct Talk {
    ordinal: u64,
    hearing: Hearing,
    confirmed: bool,
    /// The router has closed it: what it says has no effect.
    closing: bool,
}

impl Talk {
    fn label(&self) -> String {
        match &self.hearing.asked {
            Some(name) if self.confirmed => name.to_string(),
            Some(name) => format!("{name}?"),
            None => format!("c{}", self.ordinal),
        }
    }
}

impl<W: Write> Transcript<W> {
    /// A transcript that goes to `to`, each call's lines in one write. With `bodies` it is as secret as they are.
    pub fn new(to: W, limits: Limits, bodies: bool) -> Transcript<W> {
        Transcript {
            to,
            limits,
            bodies,
            started: Duration::ZERO,
            talks: Vec::new(),
            opened: 0,
            ambiguous: Vec::new(),
            lines: String::new(),
            broken: false,
        }
    }

    /// The server that is looked at started so long after the transcript's zero.
    #[must_use]
    pub fn started_at(mut self, started: Duration) -> Transcript<W> {
        self.started = started;
        self
    }

    fn on_input(&mut self, now: Now, input: &Input<'_>) {
        match input {
            Input::Opened { conn, .. } => self.on_opened(*conn),
            Input::Received { conn, bytes } => self.hear(now, *conn, bytes, false),
            Input::Closed { conn } => self.on_closed(now, *conn),
            Input::Shutdown => self.put(now, "server", Mark::Local, "told to end"),
            Input::Written { .. } | Input::Committed { .. } | Input::Timeout => {}
            Input::Page(_) | Input::Past(..) | Input::TextRemoved(_) => {}
        }
    }

    fn on_opened(&mut self, conn: ConnId) {
        let index = conn.0 as usize;
        if self.talks.len() <= index {
            self.talks.resize_with(index + 1, || None);
        }
        self.opened += 1;
        let ordinal = self.opened;
        self.talks[index] = Some(Talk {
            ordinal,
            ..Talk::default()
        });
    }

    fn on_closed(&mut self, now: Now, conn: ConnId) {
        let Some(talk) = self.talks.get_mut(conn.0 as usize).and_then(Option::take) else {
            return;
        };
        if !talk.closing {
            self.put(now, &talk.label(), Mark::Local, "connection ended");
        }
    }

    fn hear(&mut self, now: Now, conn: ConnId, bytes: &[u8], quiet: bool) {
        let how = (&self.limits, self.bodies);
        let Some(talk) = talk(&mut self.talks, conn).filter(|talk| !talk.closing) else {
            return;
        };
        let mut said = Vec::new();
        talk.hearing.hear(bytes, quiet, how, &mut said);
        let label = talk.label();
        self.ambiguous.retain(|(_, other)| *other != conn);
        if let Some(time) = talk.hearing.ambiguous {
            self.ambiguous.push((now.mono + time, conn));
        }
        for what in said {
            self.put(now, &label, Mark::ToServer, &what);
        }
    }

    /// Reads again what is whole because nothing has followed it.
    fn hear_quiet(&mut self, now: Now) {
        let due = |(at, _): &mut (Mono, ConnId)| *at <= now.mono;
        let conns: Vec<ConnId> = self
            .ambiguous
            .extract_if(.., due)
            .map(|due| due.1)
            .collect();
        for conn in conns {
            if talk(&mut self.talks, conn).is_some_and(|talk| talk.hearing.ambiguous.is_some()) {
                self.hear(now, conn, &[], true);
            }
        }
    }

    fn on_output(&mut self, now: Now, output: &Output) {
        match output {
            Output::Send { conn, frame } => self.on_sent(now, *conn, frame),
            Output::Close { conn, reason } => {
                let Some(talk) = talk(&mut self.talks, *conn) else {
                    return;
                };
                talk.closing = true;
                let label = talk.label();
                self.put(now, &label, Mark::Local, &format!("closing: {reason}"));
            }
            _ => {}
        }
    }

    fn on_sent(&mut self, now: Now, conn: ConnId, frame: &Outgoing) {
        let what = outgoing(frame, self.bodies);
        let Some(talk) = talk(&mut self.talks, conn) else {
            return;
        };
        talk.confirmed |= matches!(
            frame,
            Outgoing::Session(ServerFrame::Welcome(_))
                | Outgoing::Classic(ClassicOut::Registered(..))
        );
        let label = talk.label();
        self.put(now, &label, Mark::FromServer, &what);
    }

    fn put(&mut self, now: Now, who: &str, mark: Mark, what: &str) {
        let at = self.started + now.mono.since(Mono::ZERO);
        put_line(&mut self.lines, at, who, mark, what);
    }

    fn write_out(&mut self) {
        if self.lines.is_empty() || self.broken {
            return;
        }
        if let Err(error) = self.to.write_all(self.lines.as_bytes()) {
            tracing::warn!(%error, "the transcript cannot be written and ends here; the server goes on");
            self.broken = true;
        }
        self.lines.clear();
    }
}

impl<W: Write> Tap for Transcript<W> {
    fn router(&mut self, now: Now, input: &Input<'_>, outputs: &[Output]) {
        self.hear_quiet(now);
        self.on_input(now, input);
        for output in outputs {
            self.on_output(now, output);
        }
        self.write_out();
    }
}

fn talk(talks: &mut [Option<Talk>], conn: ConnId) -> Option<&mut Talk> {
    talks.get_mut(conn.0 as usize)?.as_mut()
}

fn outgoing(frame: &Outgoing, bodies: bool) -> String {
    match frame {
        Outgoing::Session(frame) => match frame {
            ServerFrame::Users { names, .. } => with_body(frame.to_string(), names, bodies),
            _ => frame.to_string(),
        },
        Outgoing::Delivery(message) => {
            let line = ServerFrame::Deliver(message.delivery()).to_string();
            with_body(line, message.body(), bodies)
        }
        Outgoing::Past(message) => {
            let line = ServerFrame::Past(message.delivery()).to_string();
            with_body(line, message.body(), bodies)
        }
        Outgoing::Classic(frame) => match frame {
            ClassicOut::Forward(piece) => with_body(frame.to_string(), piece.text(), bodies),
            _ => frame.to_string(),
        },
    }
}
