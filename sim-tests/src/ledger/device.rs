//! What happens at a session user's end, folded.

use super::{Ledger, Line, Place};
use crate::history::{DeviceNews, Who};
use std::rc::Rc;
use verbatim_core::client::Notice;
use verbatim_core::name::Recipient;

impl Ledger {
    /// Folds in what happens at a session user's end, other than what has a subject of its own.
    pub(crate) fn on_device(&mut self, who: Who, news: &DeviceNews) {
        let person = &mut self.people[who];
        match news {
            DeviceNews::Began { device, .. } => {
                person.runs = true;
                person.programs += 1;
                if person.device != *device {
                    person.place = None;
                }
                person.device = *device;
                person.online = false;
                person.away = None;
                person.asks = 0;
                person.wrote = None;
            }
            DeviceNews::Ended { .. } => {
                person.runs = false;
            }
            DeviceNews::Asked { .. } => person.asks += 1,
            DeviceNews::Recalled { .. } => person.asks = person.asks.saturating_sub(1),
            DeviceNews::Returned => person.away = None,
            DeviceNews::Welcomed { epoch, head, .. } => {
                let place = self.place_for(who, *epoch, head + 1);
                self.people[who].place = place;
            }
            DeviceNews::Told(notice) => self.on_told(who, notice),
            DeviceNews::Submitted { .. }
            | DeviceNews::Line { .. }
            | DeviceNews::Wrote { .. }
            | DeviceNews::Connects
            | DeviceNews::Acked { .. }
            | DeviceNews::Repeated { .. }
            | DeviceNews::SecretSeen => {}
        }
    }

    /// A line was submitted.
    #[inline]
    pub(crate) fn on_submitted(&mut self, who: Who, news: &DeviceNews) {
        let DeviceNews::Submitted {
            line,
            to,
            body,
            age,
        } = news
        else {
            return;
        };
        let person = &mut self.people[who];
        let text = (Rc::clone(to), Rc::clone(body));
        let submitted = Line::new(text, (self.now, *age), person.programs);
        *person.lines.slot(*line) = Some(submitted);
    }

    pub(super) fn holder_mut(&mut self, place: Place) -> Option<&mut super::Holder> {
        self.logs.get_mut(place.log)?.holders.get_mut(place.user)
    }

    fn on_removed(&mut self, place: Place, up_to: u64) {
        let Some(log) = self.logs.get_mut(place.log) else {
            return;
        };
        let Some(holder) = log.holders.get(place.user) else {
            return;
        };
        let gone = |seq: &&u64| {
            let to_all =
                |seq| matches!(log.message(seq), Some((_, None, number, _)) if number <= up_to);
            **seq > holder.acked && to_all(**seq)
        };
        let gone: Vec<u64> = holder.visible.iter().filter(gone).copied().collect();
        if let Some(holder) = log.holders.get_mut(place.user) {
            holder.removed = holder.removed.max(up_to);
            holder.given_up.extend(gone);
        }
    }

    fn on_told(&mut self, who: Who, notice: &Notice) {
        let person = &mut self.people[who];
        match notice {
            Notice::Online { .. } => {
                person.online = true;
                person.away = None;
            }
            Notice::Offline { .. } => person.online = false,
            Notice::NoHistory { .. } => person.asks = person.asks.saturating_sub(1),
            Notice::Away(why) => {
                person.online = false;
                person.away = Some(why.clone());
            }
            Notice::Lost { .. } => {
                let told = |line: &&mut Line| line.accepted.is_some();
                let lines = person.lines.values_mut().filter(told);
                lines.for_each(|line| line.lost = true);
            }
            Notice::Removed {
                conversation: Recipient::All,
                up_to,
            } => {
                if let Some(place) = person.place {
                    self.on_removed(place, up_to.0);
                }
            }
            _ => {}
        }
    }
}
