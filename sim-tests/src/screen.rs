//! A user's screen: each step of a client that the user would notice is a line of the transcript, and so is each frame
//! of it that the network loses.

use crate::cuts::{Cuts, Way, lost};
use crate::server::simulated_wall;
use crate::sheet::Sheet;
use crate::world::World;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use tokio::sync::mpsc::UnboundedSender;
use verbatim_core::client::{
    ClassicInput, ClassicOutput, Frames, Input, LineId, Message, Notice, Output, Recalled,
};
use verbatim_core::id::Seq;
use verbatim_core::limits::Limits;
use verbatim_core::now::{Now, Wall};
use verbatim_core::wire::{Ask, ClientFrame, Decoded, client_frame};
use verbatim_net::transcript::{Mark, put_line, quoted};
use verbatim_net::{Host, Request, Wanted};

/// What runs around a client, on its host.
pub(crate) struct Screen {
    sheet: Sheet,
    cuts: Cuts,
    host: String,
    requests: UnboundedSender<Request>,
    shown: Rc<RefCell<Vec<String>>>,
    /// The connection has lost something, so that all that follows on it is lost too.
    silent: bool,
}

impl Screen {
    pub(crate) fn new(
        world: &World,
        host: &str,
        requests: UnboundedSender<Request>,
        shown: Rc<RefCell<Vec<String>>>,
    ) -> Screen {
        Screen {
            sheet: world.sheet().clone(),
            cuts: world.cuts().clone(),
            host: host.to_owned(),
            requests,
            shown,
            silent: false,
        }
    }

    fn put(&self, mark: Mark, what: &str) {
        let at = turmoil::sim_elapsed().expect("a client runs on a host");
        let put = |sheet: &mut String| put_line(sheet, at, &self.host, mark, what);
        self.sheet.append(put);
    }

    fn on_output(&mut self, output: &Output) {
        match output {
            Output::Connect => self.silent = false,
            Output::Send(frames) => {
                self.silent |= self.cuts.is_cut(&self.host, Way::ToServer);
                if self.silent {
                    self.put_lost(frames);
                }
            }
            _ => {}
        }
    }

    fn put_lost(&self, frames: &Frames) {
        let (mut rest, limits) = (frames.0.as_slice(), Limits::default());
        while let Decoded::Frame(frame, taken) = client_frame(rest, &limits) {
            let body = match &frame {
                ClientFrame::Send { body, .. } => format!(" {}", quoted(body)),
                _ => String::new(),
            };
            self.put(Mark::ToServer, &lost(&format!("{frame}{body}")));
            rest = &rest[taken..];
        }
    }
}

impl Host for Screen {
    fn keep(&mut self, _: &[Output]) -> io::Result<Option<Seq>> {
        Ok(None)
    }

    fn history(&mut self, wanted: Wanted) -> Option<Ask> {
        Some(wanted.ask())
    }

    fn deliver(&mut self, message: Message) {
        // Its receiver lives as long as the client, which is who calls.
        let _ = self.requests.send(Request::Kept(message.seq));
    }

    fn show(&mut self, _: Notice) {}

    fn wall(&self) -> Wall {
        simulated_wall()
    }

    fn tap(&mut self, _: Now, input: &Input<'_>, outputs: &[Output]) {
        let news = news(outputs.iter().filter_map(Shows::of));
        if let Some(line) = line(input, &news) {
            self.put(Mark::Local, &line);
        }
        self.shown.borrow_mut().extend(news);
        outputs.iter().for_each(|output| self.on_output(output));
    }

    /// Of a client of the classic level all is written, since no server of ours writes it.
    fn tap_classic(&mut self, _: Now, input: &ClassicInput<'_>, outputs: &[ClassicOutput]) {
        if let ClassicInput::Received(_, bytes @ [_, ..]) = input {
            self.put(Mark::FromServer, &quoted(&String::from_utf8_lossy(bytes)));
        }
        let news = news(outputs.iter().filter_map(Shows::of_classic));
        let line = match input {
            ClassicInput::Submit { line, to, body, .. } => {
                Some(format!("types {line} to {to} {}", quoted(body)))
            }
            _ => None,
        };
        let seen = (!news.is_empty()).then(|| format!("sees: {}", news.join(", ")));
        let both: Vec<String> = line.into_iter().chain(seen).collect();
        if !both.is_empty() {
            self.put(Mark::Local, &both.join(", "));
        }
        self.shown.borrow_mut().extend(news);
        for output in outputs {
            if let ClassicOutput::Send(_, bytes) = output {
                self.put(Mark::ToServer, &quoted(&String::from_utf8_lossy(bytes)));
            }
        }
    }
}

/// What a step does to the screen.
enum Shows<'a> {
    Notice(&'a Notice),
    Letter(&'a Message),
    History(&'a Recalled),
}

impl Shows<'_> {
    fn of(output: &Output) -> Option<Shows<'_>> {
        match output {
            Output::Show(notice) => Some(Shows::Notice(notice)),
            Output::Deliver(message) => Some(Shows::Letter(message)),
            Output::Recalled(recalled) => Some(Shows::History(recalled)),
            _ => None,
        }
    }

    fn of_classic(output: &ClassicOutput) -> Option<Shows<'_>> {
        match output {
            ClassicOutput::Show(notice) => Some(Shows::Notice(notice)),
            ClassicOutput::Deliver(message) => Some(Shows::Letter(message)),
            _ => None,
        }
    }
}

/// What a step shows. Of a line that changes twice in it only the end is worth a look.
fn news<'a>(shows: impl Iterator<Item = Shows<'a>>) -> Vec<String> {
    let mut news: Vec<(Option<LineId>, String)> = Vec::new();
    for shown in shows {
        let (line, what) = match shown {
            Shows::Notice(Notice::Line { line, state }) => (Some(*line), format!("{line} {state}")),
            Shows::Notice(notice) => (None, notice.to_string()),
            Shows::Letter(message) => (None, letter(message)),
            Shows::History(recalled) => (None, history(recalled)),
        };
        news.retain(|(earlier, _)| line.is_none() || *earlier != line);
        news.push((line, what));
    }
    news.into_iter().map(|(_, what)| what).collect()
}

fn history(recalled: &Recalled) -> String {
    let messages = recalled.messages.iter();
    let lines = messages.map(|message| format!("{} {}", message.from, quoted(&message.body)));
    let lines: Vec<String> = lines.collect();
    let all = match lines.is_empty() {
        true => "nothing".into(),
        false => lines.join(", "),
    };
    let more = if recalled.more { ", and more" } else { "" };
    format!("history of {}: {all}{more}", recalled.with)
}

fn letter(message: &Message) -> String {
    let (from, to) = (message.from, message.to);
    let again = if message.may_repeat { " (again?)" } else { "" };
    format!("{from} -> {to} {}{again}", quoted(&message.body))
}

/// What the user does in a step, and what the screen shows then.
fn line(input: &Input<'_>, news: &[String]) -> Option<String> {
    let does = match input {
        Input::Submit {
            line,
            to,
            body,
            age_max,
        } => {
            let age = age_max.map(|age| format!(" (within {age:?})"));
            format!(
                "types {line} to {to} {}{}",
                quoted(body),
                age.unwrap_or_default()
            )
        }
        Input::Withdraw(line) => format!("takes {line} back"),
        Input::Who => "asks who is there".to_owned(),
        Input::History(ask) => format!("asks for the history of {}", ask.with),
        Input::Return => "asks for a connection".to_owned(),
        Input::Leave { forget: true } => "leaves and gives up the name".to_owned(),
        Input::Leave { forget: false } => "leaves".to_owned(),
        _ if news.is_empty() => return None,
        _ => return Some(format!("sees: {}", news.join(", "))),
    };
    Some(match news.is_empty() {
        true => does,
        false => format!("{does}, sees: {}", news.join(", ")),
    })
}
