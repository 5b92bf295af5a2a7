//! Liveness (G13): what comes to a halt, or keeps others from going on.

use super::{Bug, Onward, Roll, rewrite};
use std::collections::BTreeSet;
use verbatim_core::id::ConnId;
use verbatim_core::router::{Outgoing, Output};
use verbatim_core::wire::{ClientFrame, ServerFrame};

/// Answers that did not arrive are not told again at resume.
pub(super) struct AnswersNotToldAgain;

impl Bug for AnswersNotToldAgain {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, _: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Hello(hello) => {
                on.say(&rewrite::hello(hello, |hello| hello.accepted = None));
            }
            frame => on.say(frame),
        }
    }
}

/// Each fourth page that is asked for is never read.
#[derive(Default)]
pub(super) struct PageForgotten {
    count: u64,
}

impl Bug for PageForgotten {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Read { .. } = output {
            self.count += 1;
            if self.count.is_multiple_of(4) {
                return;
            }
        }
        on.outputs.push(output);
    }
}

/// What stopped reading from a connection never goes on.
pub(super) struct NeverReadsOn;

impl Bug for NeverReadsOn {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if !matches!(output, Output::Resume(_)) {
            on.outputs.push(output);
        }
    }
}

/// Pings are answered and do not count as a sign of life.
pub(super) struct PingIsNoLife;

impl Bug for PingIsNoLife {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Ping => on.tell(conn, ServerFrame::Pong),
            ClientFrame::Pong => {}
            frame => on.say(frame),
        }
    }
}

/// After a passing rejection nothing is taken on that connection any more.
#[derive(Default)]
pub(super) struct DropsForEver {
    dropping: BTreeSet<ConnId>,
}

impl Bug for DropsForEver {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Send { .. } if self.dropping.contains(&conn) => return,
            ClientFrame::Hello(_) => drop(self.dropping.remove(&conn)),
            _ => {}
        }
        on.say(frame);
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            conn,
            frame: Outgoing::Session(ServerFrame::Rejected(rejection)),
        } = &output
            && rejection.retry_after.is_some()
        {
            self.dropping.insert(*conn);
        }
        on.outputs.push(output);
    }
}

/// Each eighth answer is lost in a queue.
#[derive(Default)]
pub(super) struct AnswerLost {
    count: u64,
}

impl Bug for AnswerLost {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            frame: Outgoing::Session(ServerFrame::Accepted { .. }),
            ..
        } = output
        {
            self.count += 1;
            if self.count.is_multiple_of(8) {
                return;
            }
        }
        on.outputs.push(output);
    }
}
