//! Commits of the log that take time, as those of a disk do: what is appended meanwhile waits for the next one, and is
//! not read before it has returned.

use super::OnEvents;
use super::queue::{Coming, Micros};
use super::server::Server;
use crate::dice::Dice;
use crate::planted::Wrapper;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::now::Now;
use verbatim_core::router::{Input, Page, Question};
use verbatim_net::engine::Engine;

/// See the module's words.
pub(super) struct Commits {
    dice: Dice,
    /// When it returns, and up to where; `None`: the disk has yet to do it, at its end, so that a crash finds nothing of it.
    under_way: Option<(Micros, Option<Seq>)>,
    /// The last one was up to here.
    returned: Seq,
    /// What cannot be read before the one under way returns.
    waiting: Vec<Request>,
}

/// Whose feed is read from where, and how many messages and bytes of it at most.
pub(super) type Request = ((UserId, Seq), (usize, usize));

impl Commits {
    /// Those of one server's life.
    pub(super) fn new(dice: Dice, head: Seq) -> Commits {
        Commits {
            dice,
            under_way: None,
            returned: head,
            waiting: Vec::new(),
        }
    }

    /// How long the next one takes, if none takes longer than so many milliseconds.
    fn span(&mut self, longest: u64) -> Micros {
        match longest {
            0 => 0,
            longest => self.dice.below(longest * 1_000 + 1),
        }
    }

    /// What has been committed of a page.
    fn clip(&self, mut page: Page) -> Page {
        page.messages.retain(|message| message.seq <= self.returned);
        page.up_to = page.up_to.min(self.returned);
        page
    }
}

impl Server {
    /// Reads what the router asks for. If nothing of it is committed, it waits: a planted bug may have told the router of a
    /// commit that has not returned, and it would ask for ever.
    pub(super) fn read(&mut self, planted: Option<&mut Wrapper>, request: Request) {
        let (feed, most) = request;
        let page = match planted {
            None => read(&*self.engine, feed, most),
            Some(planted) => planted.read(&*self.engine, feed, most),
        };
        let page = self.commits.clip(page);
        match page.up_to <= page.after && self.commits.under_way.is_some() {
            true => self.commits.waiting.push(request),
            false => self.pages.push_back(page),
        }
    }
}

impl Server {
    /// Reads what is committed of what was said earlier.
    pub(super) fn recall(&mut self, planted: Option<&mut Wrapper>, question: Question) {
        let mut past = match planted {
            None => self.engine.recall(&question).expect("the log can be read"),
            Some(planted) => planted.recall(&*self.engine, question),
        };
        let committed = self.commits.returned;
        past.messages.retain(|message| message.seq <= committed);
        self.pasts.push_back((question, past));
    }
}

impl OnEvents {
    /// Commits and reads until the router wants neither, or a commit takes its time.
    pub(super) fn settle(&mut self, now: Now) {
        let longest = match self.calm {
            true => 0,
            false => self.stage.plan.commit_max,
        };
        while let Some(server) = &mut self.host.server {
            if server.appended && server.commits.under_way.is_none() {
                server.appended = false;
                let span = server.commits.span(longest);
                let late = span > 0 && server.commits.dice.chance(500);
                let seq = if late { None } else { self.commit() };
                let Some(server) = &mut self.host.server else {
                    return;
                };
                match seq {
                    Some(seq) if span == 0 => self.committed(now, seq),
                    seq => {
                        server.commits.under_way = Some((self.now + span, seq));
                        self.queue.push(self.now + span, Coming::Commit);
                    }
                }
            } else if let Some(page) = server.pages.pop_front() {
                self.step_router(now, &Input::Page(page));
            } else if let Some((question, past)) = server.pasts.pop_front() {
                self.step_router(now, &Input::Past(question, past));
            } else {
                return;
            }
        }
    }

    /// A commit up to there has returned.
    fn committed(&mut self, now: Now, seq: Seq) {
        if let Some(server) = &mut self.host.server {
            server.commits.returned = seq;
            self.host.disk.on_told(seq);
            let room = server.engine.room();
            self.note_room(room);
            self.step_router(now, &Input::Committed { seq, room });
        }
    }

    pub(super) fn on_commit(&mut self) {
        let Some(server) = &mut self.host.server else {
            return;
        };
        let due = |(at, _): &mut (Micros, Option<Seq>)| *at <= self.now;
        let Some((_, seq)) = server.commits.under_way.take_if(due) else {
            return; // that of a server that is no more
        };
        let waiting = std::mem::take(&mut server.commits.waiting);
        let Some(seq) = seq.or_else(|| self.commit()) else {
            return;
        };
        let Some(server) = &self.host.server else {
            return;
        };
        let now = self.now_of(server);
        self.committed(now, seq);
        for request in waiting {
            if let Some(server) = &mut self.host.server {
                server.read(self.planted.as_mut(), request);
            }
        }
        self.settle(now);
        self.arm_router();
    }
}

fn read(
    engine: &dyn Engine,
    (user, after): (UserId, Seq),
    (messages_max, bytes_max): (usize, usize),
) -> Page {
    let page = engine.read(user, after, messages_max, bytes_max);
    page.expect("what is on the disk can be read")
}
