//! G2: a line is in the log at most once, over all connections and starts of the server; the same message under the
//! same id gets the same answer again.

use super::rule::{Rule, Verdict, wrong};
use crate::history::{DeviceNews, Entry, Repeat, Who};
use crate::ledger::{Appended, Ledger};
use verbatim_core::code::Code;

#[derive(Default)]
pub(super) struct NoDuplicates;

impl Rule for NoDuplicates {
    const NAME: &'static str = "G2 No duplicates";

    /// (What a log lost of its end is in it no more: it was never accepted, and comes again.)
    #[inline]
    fn on_appended(&mut self, _: &Ledger, it: &Appended<'_>) -> Verdict {
        let Entry::Message { body, .. } = it.entry else {
            return Ok(());
        };
        let (seq, again) = (it.seq, it.again);
        match it.tag {
            None => wrong(move || format!("nobody wrote {body:?}")),
            Some(tag) if again => wrong(move || format!("{tag} was appended once more, as {seq}")),
            Some(_) => Ok(()),
        }
    }

    fn on_device(&mut self, ledger: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        let DeviceNews::Repeated {
            how,
            epoch,
            id,
            seq,
            answer,
        } = news
        else {
            return Ok(());
        };
        let log = ledger.log_of(*epoch).map(|log| &ledger.logs[log]);
        let found = log.and_then(|log| log.message(*seq));
        let same = found.map(|(_, _, number, _)| (*seq, number));
        let right = match how {
            Repeat::Same => answer.ok() == same,
            Repeat::OtherText => *answer == Err(Code::CONFLICT.0),
            Repeat::Beyond => false,
        };
        match right {
            true => Ok(()),
            false => Err(format!(
                "u{who}'s id {id} came again ({how:?}) and was answered {answer:?}, and the first time {same:?}"
            )),
        }
    }
}
