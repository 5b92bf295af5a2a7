//! What a rule is, and how all of them are asked: each kind of event by itself, so that those that do not look at it take no
//! time.

use super::Violation;
use crate::history::{ClassicNews, Conn, DeviceNews, ServerNews, What, Who};
use crate::ledger::{Appended, Ledger, Told, Wrote};

/// What a rule finds: nothing, or what is wrong in words.
pub(super) type Verdict = Result<(), String>;

/// What is wrong. Its words are made up apart, so that a rule is short where nothing is.
#[cold]
#[inline(never)]
pub(super) fn wrong(words: impl FnOnce() -> String) -> Verdict {
    Err(words())
}

/// A delivery was handed to a connection.
#[derive(Clone, Copy)]
pub(super) struct Delivering {
    /// Which.
    pub conn: Conn,
    /// The record's position.
    pub seq: u64,
    /// Bytes on the wire.
    pub bytes: u64,
}

/// What a limit bounds is higher than before.
#[derive(Clone, Copy)]
pub(super) struct Level {
    /// The limit's name.
    pub limit: &'static str,
    /// How much there is.
    pub now: u64,
    /// How much there may be.
    pub max: u64,
}

/// One rule, as long as nothing has broken it.
pub(super) struct Judge<R>(Option<R>);

impl<R: Default> Default for Judge<R> {
    fn default() -> Judge<R> {
        Judge(Some(R::default()))
    }
}

impl<R: Rule> Judge<R> {
    /// Asks it of one more event, which the ledger knows already.
    #[inline(always)] // whether it looks at such events is known where this is compiled
    pub(super) fn ask(
        &mut self,
        ledger: &Ledger,
        out: &mut Vec<Violation>,
        ask: impl FnOnce(&mut R) -> Verdict,
    ) {
        if let Some(rule) = &mut self.0
            && let Err(what) = ask(rule)
        {
            self.0 = None;
            let (rule, at) = (R::NAME, ledger.now);
            out.push(Violation { rule, at, what });
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($news:ty);)*) => {
        /// A rule, or the guarantee that it stands for. It looks at the kinds of events for which it has a function.
        pub(super) trait Rule {
            /// The guarantee's number and name.
            const NAME: &'static str;

            $(
                $(#[$doc])*
                #[inline(always)]
                fn $kind(&mut self, _: &Ledger, _: $news) -> Verdict {
                    Ok(())
                }
            )*
        }

        impl super::Rules {
            $(
                $(#[$doc])*
                #[inline]
                pub(super) fn $kind(
                    &mut self,
                    ledger: &Ledger,
                    out: &mut Vec<Violation>,
                    news: $news,
                ) {
                    super::ask_each!(self, ledger, out, $kind, news);
                }
            )*
        }
    };
}

kinds! {
    /// A line of a session user changed its state.
    on_line(Told<'_>);
    /// A line was submitted by a session user.
    on_submitted(Who);
    /// A delivery was written.
    on_wrote(&Wrote<'_>);
    /// A client acked deliveries up to there.
    on_acked((Who, u64));
    /// Whatever else happens at a session user's end.
    on_device((Who, &DeviceNews));
    /// What happens at a classic user's end.
    on_classic((Who, &ClassicNews));
    /// A server started, with so much of its log.
    on_started(Option<u64>);
    /// A record was appended.
    on_appended(&Appended<'_>);
    /// A delivery was handed to a connection.
    on_delivering(Delivering);
    /// A line, or a piece of one, was handed to a classic user: the record's position.
    on_forwarding(u64);
    /// An ack up to there came on a connection.
    on_ack_came((Conn, u64));
    /// Whatever else passes through the server's door.
    on_door(&ServerNews);
    /// How high what a limit bounds has come.
    on_level(Level);
    /// What befalls a run, and its end.
    on_plan(&What);
}
