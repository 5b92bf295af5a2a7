//! G9: a message is from whom it says it is, and nobody's secret comes to anybody.

use super::rule::{Rule, Verdict, wrong};
use crate::history::{DeviceNews, Entry, Who};
use crate::ledger::{Appended, Ledger, Wrote};

#[derive(Default)]
pub(super) struct Identity;

impl Rule for Identity {
    const NAME: &'static str = "G9 Identity";

    #[inline]
    fn on_appended(&mut self, _: &Ledger, it: &Appended<'_>) -> Verdict {
        let Entry::Message { body, .. } = it.entry else {
            return Ok(());
        };
        let is = it.sender.map(|holder| holder.is.0);
        match is == it.tag.map(|tag| tag.who) {
            true => Ok(()),
            false => wrong(move || format!("{body:?} stands in the log as {is:?}'s")),
        }
    }

    #[inline]
    fn on_wrote(&mut self, ledger: &Ledger, it: &Wrote<'_>) -> Verdict {
        let (who, from, body) = (it.who, &it.message.from, &it.message.body);
        let Some(tag) = it.tag else {
            return wrong(move || format!("u{who} heard what nobody wrote: {body:?}"));
        };
        let person = ledger.people.get(tag.who);
        match person.map(|person| person.name.as_bytes()) == Some(from.as_bytes()) {
            true => Ok(()),
            false => wrong(move || format!("u{who} heard {tag} from {from}")),
        }
    }

    fn on_device(&mut self, _: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        match news {
            DeviceNews::SecretSeen => Err(format!("u{who} was told a secret")),
            _ => Ok(()),
        }
    }
}
