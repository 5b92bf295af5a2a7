//! The program on a terminal: a prompt that nothing tears, and above it what was said and what became of it.

mod editor;
mod entry;
mod history;
mod keys;
mod rows;
mod screen;
#[cfg(test)]
mod screen_tests;
mod terminal;
#[cfg(test)]
mod typed_tests;

use crate::Ended;
use crate::device::{Beginning, News};
use crate::line::{self, HELP, Typed};
use crate::options::Options;
use crate::tally::{Ending, Tally};
use crate::words;
use editor::Editor;
use entry::{Entry, Own};
use keys::Act;
use screen::Screen;
use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use terminal::Terminal;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};
use verbatim_core::client::{LineId, LineState, Notice};
use verbatim_core::id::Seq;
use verbatim_core::name::Recipient;
use verbatim_net::{Request, Wanted};

/// News taken between two drawings.
const NEWS_AT_ONCE: usize = 256;

/// Own lines above the live part of which further news is told.
const PAST_MAX: usize = 10_000;

/// The link, as the status line tells it.
enum Link {
    Beginning,
    Online,
    Offline { said: String, until: Instant },
    Away,
}

/// The chat's state.
struct Chat<'a> {
    options: &'a Options,
    forgets: bool,
    requests: UnboundedSender<Request>,
    screen: Screen,
    editor: Editor,
    tally: Tally,
    link: Link,
    /// The last own line.
    last: LineId,
    past: BTreeMap<LineId, Own>,
    /// The server is asked for so many lines to begin with, once it is there.
    begins: usize,
    /// The next history that comes is what is shown at the beginning.
    beginning: bool,
    /// The last message that was put on the screen and is not kept yet.
    shown: Option<Seq>,
    /// When the wait for answers is over, once the user wants to end.
    until: Option<Instant>,
    leaving: bool,
    trouble: bool,
}

/// Runs until the client has left; `stop` comes with a signal that asks for the end.
pub(crate) async fn run(
    options: &Options,
    forgets: bool,
    requests: UnboundedSender<Request>,
    news: UnboundedReceiver<News>,
    begin: Beginning,
    stop: impl Future<Output = ()>,
) -> Ended {
    let mut chat = Chat::new(options, forgets, requests, Terminal::size());
    chat.begin(begin);
    if let Err(error) = chat.run(news, stop).await {
        crate::filter::say(&format!("cannot use the terminal: {error}"));
        chat.trouble = true;
    }
    let left = chat.tally.end();
    let ending = match chat.trouble {
        true => Ending::Trouble,
        false => chat.tally.ending(),
    };
    let forgets = chat.forgets;
    Ended {
        ending,
        forgets,
        left,
    }
}

impl<'a> Chat<'a> {
    fn new(
        options: &'a Options,
        forgets: bool,
        requests: UnboundedSender<Request>,
        size: (u16, u16),
    ) -> Chat<'a> {
        Chat {
            options,
            forgets,
            requests,
            screen: Screen::new(size),
            editor: Editor::default(),
            tally: Tally::default(),
            link: Link::Beginning,
            last: LineId(0),
            past: BTreeMap::new(),
            begins: 0,
            beginning: false,
            shown: None,
            until: None,
            leaving: false,
            trouble: false,
        }
    }

    async fn run(
        &mut self,
        mut news: UnboundedReceiver<News>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let mut terminal = Terminal::enter()?;
        let (mut stopped, mut gone) = (false, false);
        tokio::pin!(stop);
        loop {
            if self.until.is_some() && self.tally.open() == 0 {
                self.leave();
            }
            self.draw().await?;
            let wake = self.wake();
            tokio::select! {
                biased;
                told = news.recv() => match told {
                    Some(told) => self.on_all_news(told, &mut news),
                    None => break,
                },
                event = terminal.event(), if !gone => match event {
                    Some(event) => self.on_act(event, &terminal).await?,
                    None => {
                        gone = true;
                        self.leave();
                    }
                },
                () = &mut stop, if !stopped => {
                    stopped = true;
                    self.leave();
                }
                () = sleep_until(wake) => self.on_wake(),
            }
        }
        self.draw().await?;
        let mut out = Vec::new();
        self.screen.close(&mut out)?;
        write(&out).await
    }

    /// When the screen must change although nothing comes.
    fn wake(&self) -> Instant {
        let counts = self.until.is_some() || matches!(self.link, Link::Offline { .. });
        let pause = Duration::from_millis(if counts { 500 } else { 60_000 });
        let next = Instant::now() + pause;
        match self.until {
            Some(until) if !self.leaving => next.min(until),
            _ => next,
        }
    }

    fn on_wake(&mut self) {
        if self.until.is_some_and(|until| until <= Instant::now()) {
            self.leave();
        }
    }

    async fn on_act(
        &mut self,
        event: crossterm::event::Event,
        terminal: &Terminal,
    ) -> io::Result<()> {
        match keys::on_event(&mut self.editor, event) {
            Act::Submit(text) => self.on_typed(&text),
            Act::Quit => self.quit(),
            Act::Resize(columns, rows) => self.screen.resize((columns, rows)),
            Act::Refresh => self.screen.resize(Terminal::size()),
            Act::Suspend => self.suspend(terminal).await?,
            Act::Draw | Act::Nothing => {}
        }
        Ok(())
    }

    /// The shell has the terminal for a while; then what is live is drawn anew, below whatever the shell wrote.
    async fn suspend(&mut self, terminal: &Terminal) -> io::Result<()> {
        let mut out = Vec::new();
        self.screen.hide(&mut out)?;
        write(&out).await?;
        terminal.suspend()?;
        self.screen.resize(Terminal::size());
        Ok(())
    }

    /// A paste of several lines, each of which has a meaning of its own, is several lines; else it is one.
    fn on_typed(&mut self, text: &str) {
        let text = text.trim_end_matches('\n');
        let lines: Vec<_> = text.split('\n').map(line::parse).collect();
        if lines.iter().any(|line| matches!(line, Typed::Wrong(_))) {
            self.on_line(line::parse(text), text);
        } else {
            lines.into_iter().for_each(|line| self.on_line(line, text));
        }
    }

    fn on_line(&mut self, line: Typed, text: &str) {
        match line {
            Typed::Message { to, body } => self.submit(to, body),
            Typed::Who => self.ask(Request::Who),
            Typed::History { with, count } => {
                self.ask(Request::History(Wanted { with, count }));
            }
            Typed::Return => self.ask(Request::Return),
            Typed::Withdraw(number) => self.withdraw(number),
            Typed::Forget if matches!(self.link, Link::Online) => {
                self.forgets = true;
                self.quit();
            }
            Typed::Forget => self.say("a name can be given up only while the server is there"),
            Typed::Quit => self.quit(),
            Typed::Help => HELP.iter().for_each(|help| self.say(*help)),
            Typed::Nothing => {}
            Typed::Wrong(why) => {
                self.screen.push(Entry::Typed(text.into()));
                self.say(format!("not sent: {why}"));
                line::short_help().for_each(|help| self.say(help));
                self.editor.restore(text);
            }
        }
    }

    fn submit(&mut self, to: Recipient, body: String) {
        self.last = LineId(self.last.0 + 1);
        let line = self.last;
        self.tally.on_submit(line);
        self.screen.push(Entry::Own(Own {
            line,
            time: wall(),
            to,
            body: body.clone(),
            state: LineState::Queued,
        }));
        let age_max = self.options.expire;
        self.ask(Request::Submit {
            line,
            to,
            body,
            age_max,
        });
    }

    fn withdraw(&mut self, number: Option<u64>) {
        match self.tally.ask_back(number) {
            Some(line) => self.ask(Request::Withdraw(line)),
            None => self.say(words::not_queued(number)),
        }
    }

    /// Ends once every line is answered, or the wait is over; at once when asked a second time, or when nothing is tried
    /// by itself any more.
    fn quit(&mut self) {
        let open = self.tally.open();
        if self.until.is_some() || open == 0 || matches!(self.link, Link::Away) {
            self.leave();
            return;
        }
        self.until = Some(Instant::now() + self.options.wait);
        let lines = words::count(open, "line has", "lines have");
        self.say(format!(
            "{lines} no answer yet; waiting {} at most (again /quit or ctrl-C: end now)",
            words::seconds(self.options.wait)
        ));
    }

    fn leave(&mut self) {
        if !self.leaving {
            self.leaving = true;
            let forget = self.forgets;
            self.ask(Request::Leave { forget });
        }
    }

    fn on_all_news(&mut self, first: News, news: &mut UnboundedReceiver<News>) {
        self.on_news(first);
        for _ in 1..NEWS_AT_ONCE {
            match news.try_recv() {
                Ok(told) => self.on_news(told),
                Err(_) => break,
            }
        }
    }

    fn on_news(&mut self, news: News) {
        match news {
            News::Message(message) => {
                self.shown = Some(message.seq);
                self.screen.push(Entry::Message(message));
            }
            News::History(wanted, history) => self.on_history(wanted, history),
            News::NoHistory(what) | News::Trouble(what) => self.say(what),
            News::Notice(Notice::Line { line, state }) => self.on_state(line, state),
            News::Notice(notice) => self.on_notice(&notice),
        }
    }

    fn on_state(&mut self, line: LineId, state: LineState) {
        if self.leaving && state == LineState::Withdrawn {
            self.tally.on_given_up(line);
        }
        self.tally.on_state(line, &state);
        if self.tally.is_too_late(line, &state) {
            self.say(words::not_queued(Some(line.0)));
        }
        if self.screen.set_state(line, state) {
            return;
        }
        if let Some(own) = self.past.get_mut(&line) {
            own.state = state;
            if !matches!(state, LineState::Queued | LineState::Sent) {
                let news = own.news();
                self.say(news);
            }
        }
    }

    fn on_notice(&mut self, notice: &Notice) {
        let sentences = words::notice(notice, &self.options.server);
        self.tally.on_link(notice);
        match notice {
            Notice::Offline { why, retry_in } => {
                let again = matches!(self.link, Link::Offline { .. });
                let until = Instant::now() + *retry_in;
                let said = words::offline(why, &self.options.server);
                self.link = Link::Offline { said, until };
                // The status line tells every further try.
                if again {
                    return;
                }
            }
            Notice::Online { .. } | Notice::OnlineClassic { .. } => {
                self.link = Link::Online;
                self.ask_to_begin(notice);
            }
            Notice::Away(_) => self.link = Link::Away,
            _ => {}
        }
        sentences
            .into_iter()
            .for_each(|sentence| self.say(sentence));
    }

    fn status(&self) -> Option<String> {
        let now = Instant::now();
        let waiting = match self.tally.open() {
            0 => String::new(),
            open => format!(
                "; {} no answer",
                words::count(open, "line has", "lines have")
            ),
        };
        match &self.link {
            _ if self.until.is_some() => {
                let left = self
                    .until
                    .map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
                Some(format!("ending in {}{waiting}", words::seconds(left)))
            }
            Link::Beginning => Some(format!("connecting to {}{waiting}", self.options.server)),
            Link::Online => None,
            Link::Offline { said, until } => {
                let next = match until.saturating_duration_since(now) {
                    Duration::ZERO => "trying".into(),
                    left => format!("next try in {}", words::seconds(left)),
                };
                Some(format!("offline: {said}; {next}{waiting}"))
            }
            Link::Away => Some(format!("away: /return connects again{waiting}")),
        }
    }

    /// Draws, and once it is written, says what was shown.
    async fn draw(&mut self) -> io::Result<()> {
        let mut out = Vec::new();
        let prompt = format!("{}> ", self.options.user);
        let status = self.status();
        let past = self
            .screen
            .draw(&prompt, status.as_deref(), &self.editor, wall(), &mut out)?;
        for own in past {
            self.past.insert(own.line, own.shortened());
        }
        while self.past.len() > PAST_MAX {
            self.past.pop_first();
        }
        write(&out).await?;
        if let Some(seq) = self.shown.take() {
            self.ask(Request::Kept(seq));
        }
        Ok(())
    }

    fn say(&mut self, text: impl Into<String>) {
        self.screen.push(Entry::Said(text.into()));
    }

    fn ask(&self, request: Request) {
        // The client is gone only when it has left, and then nothing is left to ask.
        drop(self.requests.send(request));
    }
}

async fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = tokio::io::stdout();
    out.write_all(bytes).await?;
    out.flush().await
}

fn wall() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
