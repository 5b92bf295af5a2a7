//! The program without a terminal: lines in, plain lines out, states and troubles to standard error.

use crate::Ended;
use crate::device::{Beginning, EARLIER, History, News, Until};
use crate::input::{Fed, Lines};
use crate::line::{self, HELP, Typed};
use crate::options::Options;
use crate::printer::{Print, Printed};
use crate::tally::{Ending, Tally};
use crate::{clean, words};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;
use tokio::io::{AsyncBufRead, BufReader};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};
use verbatim_core::client::{LineId, LineState, Message, Notice, WhyOffline};
use verbatim_core::name::Recipient;
use verbatim_net::store::{Past, Said};
use verbatim_net::{Request, Wanted};

/// Lines without an answer beyond which the input is not read: a long file waits in its pipe, not here.
const OPEN_MAX: usize = 1_024;

/// Accepted lines whose delivery is still told; of older ones, that they were accepted was the last news.
const TOLD_MAX: usize = 16 * OPEN_MAX;

/// What the filter is connected to.
pub(crate) struct Pipes {
    pub(crate) requests: UnboundedSender<Request>,
    pub(crate) news: UnboundedReceiver<News>,
    pub(crate) to_print: UnboundedSender<Print>,
    pub(crate) printed: UnboundedReceiver<Printed>,
}

/// The filter's state.
struct Filter<'a> {
    options: &'a Options,
    forgets: bool,
    pipes: Pipes,
    tally: Tally,
    /// For whom each line is that may still be told of.
    lines: BTreeMap<LineId, Recipient>,
    read: u64,
    reading: bool,
    unprinted: usize,
    /// Whether the question who is there has no answer yet.
    asks_who: bool,
    /// Questions for what was said earlier that have no answer.
    asks_history: usize,
    /// What the store had to begin with: it is written behind what the server has before it, which comes first.
    begun: Vec<(Past, Option<LineId>)>,
    /// New messages that wait for it to be written.
    held: Option<Vec<Message>>,
    /// When the wait for answers is over.
    until: Option<Instant>,
    /// Why it leaves, once it does.
    leaving: Option<&'static str>,
    said: Option<WhyOffline>,
    trouble: bool,
}

/// Runs until the client has left; `stop` comes with a signal that asks for the end.
pub(crate) async fn run(
    options: &Options,
    forgets: bool,
    pipes: Pipes,
    begin: Beginning,
    stop: impl Future<Output = ()>,
) -> Ended {
    let mut filter = Filter {
        options,
        forgets,
        pipes,
        tally: Tally::default(),
        lines: BTreeMap::new(),
        read: 0,
        reading: true,
        unprinted: 0,
        asks_who: false,
        asks_history: 0,
        begun: Vec::new(),
        held: None,
        until: None,
        leaving: None,
        said: None,
        trouble: false,
    };
    filter.begin(begin);
    filter.run(BufReader::new(tokio::io::stdin()), stop).await;
    filter.end_questions();
    let left = filter.tally.end();
    let ending = match filter.trouble {
        true => Ending::Trouble,
        false => filter.tally.ending(),
    };
    let forgets = filter.forgets;
    Ended {
        ending,
        forgets,
        left,
    }
}

impl Filter<'_> {
    /// What earlier runs left: lines without an answer are answered for like those of this one.
    fn begin(&mut self, begin: Beginning) {
        begin.troubles.iter().for_each(|why| self.say(why));
        let missing = self.options.history.unwrap_or(0);
        let missing = missing.saturating_sub(begin.history.past.len());
        if missing > 0 && !self.options.classic {
            let (with, count) = (None, missing);
            self.begun = begin.history.past;
            self.held = Some(Vec::new());
            self.ask_history(Wanted { with, count });
        } else {
            self.print(begin.history);
        }
        let lines = begin.lines.len();
        for (line, past) in begin.lines {
            self.tally.on_submit(line);
            if let Said::Line { to, .. } = past.said {
                self.lines.insert(line, to);
            }
        }
        if lines > 0 {
            let lines = words::count(lines, "line", "lines");
            self.say(&format!(
                "{lines} of an earlier run had no answer: kept, and settled now"
            ));
        }
    }

    fn print(&mut self, history: History) {
        for (past, _) in history.past {
            self.unprinted += usize::from(self.pipes.to_print.send(Print::Past(past)).is_ok());
        }
    }

    async fn run(&mut self, mut input: impl AsyncBufRead + Unpin, stop: impl Future<Output = ()>) {
        let (mut lines, mut stopped) = (Lines::default(), false);
        tokio::pin!(stop);
        loop {
            self.end_if_done();
            let reads = self.reading && self.tally.open().max(self.asks_history) < OPEN_MAX;
            let until = self
                .until
                .unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                biased;
                news = self.pipes.news.recv() => match news {
                    Some(news) => self.on_news(news),
                    None => return,
                },
                Some(printed) = self.pipes.printed.recv() => self.on_printed(printed),
                () = &mut stop, if !stopped => {
                    stopped = true;
                    self.leave("a signal asked for the end");
                }
                () = sleep_until(until), if self.until.is_some() && self.leaving.is_none() => {
                    self.leave("the wait is over");
                }
                fed = lines.next(&mut input), if reads => self.on_input(fed),
            }
        }
    }

    fn on_input(&mut self, fed: Fed) {
        self.read += 1;
        match fed {
            Fed::Line(line) => self.on_line(&line),
            Fed::Bad(why, line) => self.on_wrong(why, &line),
            Fed::End => self.end_input(!self.options.follow),
            Fed::Failed(why) => {
                self.say(&format!("cannot read standard input: {why}"));
                self.trouble = true;
                self.end_input(true);
            }
        }
    }

    fn on_line(&mut self, text: &str) {
        match line::parse(text) {
            Typed::Message { to, body } => {
                let line = LineId(self.read);
                self.tally.on_submit(line);
                self.lines.insert(line, to);
                if self.lines.len() > TOLD_MAX {
                    self.lines.pop_first();
                }
                let age_max = self.options.expire;
                self.ask(Request::Submit {
                    line,
                    to,
                    body,
                    age_max,
                });
            }
            Typed::Who => {
                self.asks_who = true;
                self.ask(Request::Who);
            }
            Typed::History { with, count } => self.ask_history(Wanted { with, count }),
            Typed::Return => self.ask(Request::Return),
            Typed::Withdraw(number) => match self.tally.ask_back(number) {
                Some(line) => self.ask(Request::Withdraw(line)),
                None => self.say(&words::not_queued(number)),
            },
            Typed::Forget => {
                self.forgets = true;
                self.end_input(true);
            }
            Typed::Quit => self.end_input(true),
            Typed::Help => HELP.iter().for_each(|help| self.say(help)),
            Typed::Nothing => {}
            Typed::Wrong(why) => self.on_wrong(&why, text),
        }
    }

    fn on_wrong(&mut self, why: &str, text: &str) {
        self.tally.malformed += 1;
        let text = clean::line(text);
        self.say(&format!("line {} not sent: {why}: {text}", self.read));
        if self.tally.malformed == 1 {
            line::short_help().for_each(|help| self.say(help));
        }
    }

    /// Nothing more will be read; unless it goes on listening, the wait for answers begins.
    fn end_input(&mut self, ends: bool) {
        self.reading = false;
        if ends {
            self.until = Some(Instant::now() + self.options.wait);
        }
    }

    /// Leaves once nothing is open: every line answered, every message printed.
    fn end_if_done(&mut self) {
        let asks = self.asks_who || self.asks_history > 0;
        let waits = self.tally.open() > 0 || self.unprinted > 0 || asks;
        if self.until.is_some() && !waits {
            self.leave("all is done");
        }
    }

    /// The client has left: what has no answer gets none.
    fn end_questions(&mut self) {
        if self.asks_who {
            self.tally.on_unanswered();
            self.say("nobody answered who is there");
        }
        for _ in 0..self.asks_history {
            self.tally.on_unanswered();
            self.say("nobody answered what was said earlier");
        }
    }

    fn leave(&mut self, why: &'static str) {
        if self.leaving.is_none() {
            self.leaving = Some(why);
            self.reading = false;
            self.ask(Request::Leave {
                forget: self.forgets,
            });
        }
    }

    fn on_printed(&mut self, printed: Printed) {
        match printed {
            Printed::UpTo(seq, count) => {
                self.unprinted -= count;
                if let Some(seq) = seq {
                    self.ask(Request::Kept(seq));
                }
            }
            Printed::Failed(error) => {
                self.unprinted = 0;
                if error.kind() != io::ErrorKind::BrokenPipe {
                    self.say(&format!("cannot write standard output: {error}"));
                    self.trouble = true;
                }
                // Whoever read has had enough: what was read before is still answered for.
                self.end_input(true);
            }
        }
    }

    fn on_news(&mut self, news: News) {
        match news {
            News::Message(message) => match &mut self.held {
                Some(held) => held.push(message),
                None => self.print_message(message),
            },
            News::History(wanted, history) => self.on_history(wanted, history),
            News::NoHistory(why) => {
                self.asks_history = self.asks_history.saturating_sub(1);
                let past = std::mem::take(&mut self.begun);
                let until = Until::More;
                self.print(History { past, until });
                self.print_held();
                self.tally.on_unanswered();
                self.say(&why);
            }
            News::Trouble(what) => self.say(&what),
            News::Notice(Notice::Line { line, state }) => self.on_state(line, state),
            News::Notice(notice) => self.on_notice(&notice),
        }
    }

    fn ask_history(&mut self, wanted: Wanted) {
        self.asks_history += 1;
        self.ask(Request::History(wanted));
    }

    fn on_history(&mut self, wanted: Wanted, mut history: History) {
        self.asks_history = self.asks_history.saturating_sub(1);
        if history.until.is_unanswered() {
            self.tally.on_unanswered();
        }
        history.past.append(&mut self.begun);
        let said = words::history(wanted, history.past.len(), history.until);
        self.print(history);
        self.print_held();
        self.say(&said);
    }

    fn print_message(&mut self, message: Message) {
        let sent = self.pipes.to_print.send(Print::Message(message));
        self.unprinted += usize::from(sent.is_ok());
    }

    /// What is new stands behind what was said before.
    fn print_held(&mut self) {
        let held = self.held.take().into_iter().flatten();
        held.for_each(|message| self.print_message(message));
    }

    fn on_state(&mut self, line: LineId, state: LineState) {
        if let (Some(why), LineState::Withdrawn) = (self.leaving, &state) {
            self.tally.on_given_up(line);
            self.tell(line, &format!("not sent: {why}"));
            return;
        }
        self.tally.on_state(line, &state);
        if self.tally.is_too_late(line, &state) {
            self.say(&words::not_queued(Some(line.0)));
        }
        let routine = match state {
            LineState::Queued | LineState::Sent => return,
            LineState::Accepted { .. } | LineState::Delivered => true,
            LineState::Counted { .. } => true,
            _ => false,
        };
        if !routine || !self.options.quiet {
            let to = self.lines.get(&line).copied().unwrap_or(Recipient::All);
            self.tell(line, &words::state(&state, to));
        }
        let ends = !matches!(
            state,
            LineState::Accepted { .. } | LineState::Counted { .. }
        );
        if ends {
            self.lines.remove(&line);
        }
    }

    fn tell(&self, line: LineId, what: &str) {
        if let Some(to) = self.lines.get(&line) {
            let which = match line < EARLIER {
                true => format!("line {}", line.0),
                false => "a line of an earlier run".into(),
            };
            self.say(&format!("{which} to {to}: {what}"));
        }
    }

    fn on_notice(&mut self, notice: &Notice) {
        self.tally.on_link(notice);
        match notice {
            Notice::Online { .. } | Notice::OnlineClassic { .. } => self.said = None,
            // Every try is not news; another reason is.
            Notice::Offline { why, .. } if self.said.as_ref() == Some(why) => return,
            Notice::Offline { why, .. } => self.said = Some(why.clone()),
            Notice::Users(_) | Notice::NoUsers(_) => self.asks_who = false,
            Notice::Away(_) => self.leave("the server refused this client"),
            _ => {}
        }
        for sentence in words::notice(notice, &self.options.server) {
            self.say(&sentence);
        }
    }

    fn ask(&self, request: Request) {
        // The client is gone only when it has left, and then nothing is left to ask.
        drop(self.pipes.requests.send(request));
    }

    fn say(&self, text: &str) {
        say(text);
    }
}

/// Says it on standard error. Nobody may read that either, and that is no trouble.
pub(crate) fn say(text: &str) {
    drop(writeln!(io::stderr().lock(), "verbatim: {text}"));
}
