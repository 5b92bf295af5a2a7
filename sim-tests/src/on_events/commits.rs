//! Commits of the log that take time, as those of a disk do: what is appended meanwhile waits for the next one, and is
//! not read before it has returned.

use super::OnEvents;
use super::queue::{Coming, Micros};
use crate::dice::Dice;
use verbatim_core::id::Seq;
use verbatim_core::now::Now;
use verbatim_core::router::{Input, Page};

/// See the module's words.
pub(super) struct Commits {
    dice: Dice,
    /// When it returns, and up to where; `None`: the disk has yet to do it, at its end, so that a crash finds nothing of it.
    under_way: Option<(Micros, Option<Seq>)>,
    /// The last one was up to here.
    returned: Seq,
}

/// Why a commit that begins also ends well.
const COMMITS: &str = "nothing befalls this disk but power cuts, and these end the server";

impl Commits {
    /// Those of one server's life.
    pub(super) fn new(dice: Dice, head: Seq) -> Commits {
        Commits {
            dice,
            under_way: None,
            returned: head,
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
    pub(super) fn clip(&self, mut page: Page) -> Page {
        page.messages.retain(|message| message.seq <= self.returned);
        page.up_to = page.up_to.min(self.returned);
        page
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
                let seq = (!late).then(|| server.engine.commit().expect(COMMITS));
                match seq {
                    Some(seq) if span == 0 => self.committed(now, seq),
                    seq => {
                        server.commits.under_way = Some((self.now + span, seq));
                        self.queue.push(self.now + span, Coming::Commit);
                    }
                }
            } else if let Some(page) = server.pages.pop_front() {
                self.step_router(now, &Input::Page(page));
            } else {
                return;
            }
        }
    }

    /// A commit up to there has returned.
    fn committed(&mut self, now: Now, seq: Seq) {
        if let Some(server) = &mut self.host.server {
            server.commits.returned = seq;
            let room = server.engine.room();
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
        let Some(server) = &mut self.host.server else {
            return;
        };
        let seq = seq.unwrap_or_else(|| server.engine.commit().expect(COMMITS));
        let Some(server) = &self.host.server else {
            return;
        };
        let now = self.now_of(server);
        self.committed(now, seq);
        self.settle(now);
        self.arm_router();
    }
}
