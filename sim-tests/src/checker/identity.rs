//! G9: a message is from whom it says it is, and nobody's secret comes to anybody.

use super::{Rule, Topic};
use crate::history::{DeviceNews, Entry, Event, ServerNews, Tag, What, Who};
use crate::ledger::Ledger;
use verbatim_core::name::Name;

#[derive(Default)]
pub(super) struct Identity;

impl Rule for Identity {
    const NAME: &'static str = "G9 Identity";
    const TOPICS: &'static [Topic] = &[Topic::Log, Topic::Wrote, Topic::Device];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Server(ServerNews::Appended {
                entry: Entry::Message { from, body, .. },
                ..
            }) => {
                let holder = ledger.logs.last().and_then(|log| log.holders.get(from));
                let is = holder.map(|holder| holder.is.0);
                let wrote = ledger.latest_tag().map(|tag| tag.who);
                if is != wrote {
                    return Err(format!("{body:?} stands in the log as {is:?}'s"));
                }
                Ok(())
            }
            What::Device(who, DeviceNews::Wrote { message, .. }) => {
                is_from(ledger, *who, &message.from, &message.body)
            }
            What::Device(who, DeviceNews::SecretSeen) => Err(format!("u{who} was told a secret")),
            _ => Ok(()),
        }
    }
}

fn is_from(ledger: &Ledger, who: Who, from: &Name, body: &str) -> Result<(), String> {
    let tag = Tag::of(body).ok_or_else(|| format!("u{who} heard what nobody wrote: {body:?}"))?;
    let name = ledger
        .people
        .get(tag.who)
        .map(|person| person.name.as_bytes());
    if name != Some(from.as_bytes()) {
        return Err(format!("u{who} heard {tag} from {from}"));
    }
    Ok(())
}
