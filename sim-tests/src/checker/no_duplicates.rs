//! G2: a line is in the log at most once, over all connections and starts of the server; the same message under the
//! same id gets the same answer again.

use super::{Rule, Topic};
use crate::dense::ByTag;
use crate::history::{DeviceNews, Entry, Event, Repeat, ServerNews, What};
use crate::ledger::Ledger;
use verbatim_core::code::Code;

#[derive(Default)]
pub(super) struct NoDuplicates {
    seen: ByTag<()>,
}

impl Rule for NoDuplicates {
    const NAME: &'static str = "G2 No duplicates";
    const TOPICS: &'static [Topic] = &[Topic::Log, Topic::Device];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            // What a log lost of its end was never accepted, and comes again.
            What::Server(ServerNews::Started { kept: Some(_), .. }) => {
                let logs = ledger.logs.iter();
                self.seen = ByTag::default();
                for tag in logs.flat_map(|log| log.tags.tags()) {
                    self.seen.insert(tag, ());
                }
            }
            What::Server(ServerNews::Appended {
                seq,
                entry: Entry::Message { body, .. },
                ..
            }) => {
                let tag = ledger.latest_tag();
                let tag = tag.ok_or_else(|| format!("nobody wrote {body:?}"))?;
                if self.seen.insert(tag, ()).is_some() {
                    return Err(format!("{tag} was appended once more, as {seq}"));
                }
            }
            What::Device(
                who,
                DeviceNews::Repeated {
                    how,
                    epoch,
                    id,
                    seq,
                    answer,
                },
            ) => {
                let log = ledger.log_of(*epoch).map(|log| &ledger.logs[log]);
                let found = log.and_then(|log| log.message(*seq));
                let same = found.map(|(_, _, number, _)| (*seq, number));
                let right = match how {
                    Repeat::Same => answer.ok() == same,
                    Repeat::OtherText => *answer == Err(Code::CONFLICT.0),
                    Repeat::Beyond => false,
                };
                if !right {
                    return Err(format!(
                        "u{who}'s id {id} came again ({how:?}) and was answered {answer:?}, and the first time {same:?}"
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
