//! Forged: what happens at the clients' ends.

use super::forge::{Events, alter, drop_first, put_behind, told};
use sim_tests::history::{ClassicNews, DeviceNews, ServerNews, What};
use sim_tests::plan::{Act, Deed, Keeping, Step};
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::client::{Message, Notice, Recalled, WhyAway, WhyOffline};
use verbatim_core::id::Number;
use verbatim_core::name::{Name, Recipient};

fn wrote(what: &mut What) -> Option<&mut Message> {
    match what {
        What::Device(_, DeviceNews::Wrote { message, .. }) => Some(message),
        _ => None,
    }
}

/// Behind the first thing that a client is told, something else happens to it.
fn befalls(events: &mut Events, news: &DeviceNews) -> Option<()> {
    put_behind(events, |what| {
        told(what).map(|(who, _)| What::Device(who, news.clone()))
    })
}

pub fn repeated_with_another_answer(events: &mut Events) -> Option<()> {
    alter(events, |what| match what {
        What::Device(_, DeviceNews::Repeated { answer, .. }) => {
            let (seq, number) = answer.ok()?;
            *answer = Ok((seq + 1, number));
            Some(())
        }
        _ => None,
    })
}

pub fn writes_another_number(events: &mut Events) -> Option<()> {
    alter(events, |what| {
        wrote(what)?.number.0 += 1;
        Some(())
    })
}

pub fn writes_another_text(events: &mut Events) -> Option<()> {
    alter(events, |what| {
        wrote(what)?.body.push('!');
        Some(())
    })
}

pub fn writes_another_sender(events: &mut Events) -> Option<()> {
    alter(events, |what| {
        wrote(what)?.from = Name::parse(b"mallory").expect("it is a name");
        Some(())
    })
}

pub fn does_not_write(events: &mut Events) -> Option<()> {
    drop_first(events, |event| {
        matches!(event.what, What::Device(_, DeviceNews::Wrote { .. }))
    })
}

pub fn misses_a_number(events: &mut Events) -> Option<()> {
    let gap = Notice::Gap {
        conversation: Recipient::All,
        expected: Number(1),
        found: Number(3),
    };
    befalls(events, &DeviceNews::Told(gap))
}

pub fn is_told_a_secret(events: &mut Events) -> Option<()> {
    befalls(events, &DeviceNews::SecretSeen)
}

pub fn is_told_a_loss_that_was_none(events: &mut Events) -> Option<()> {
    let lost = Notice::Lost {
        unanswered: 0,
        unreceipted: 0,
    };
    befalls(events, &DeviceNews::Told(lost))
}

pub fn is_not_told_its_loss(events: &mut Events) -> Option<()> {
    // With lines unknown by it the loss would be missed for another reason too.
    drop_first(events, |event| {
        matches!(
            told(&event.what),
            Some((_, Notice::Lost { unanswered: 0, .. }))
        )
    })
}

pub fn comes_back_by_itself(events: &mut Events) -> Option<()> {
    put_behind(events, |what| match told(what)? {
        (who, Notice::Away(WhyAway::Replaced)) => Some(What::Device(who, DeviceNews::Connects)),
        _ => None,
    })
}

/// A device that keeps messages writes its last one once more when its program has started anew.
pub fn stores_again(events: &mut Events) -> Option<()> {
    let mut last = BTreeMap::new();
    put_behind(events, |what| match what {
        What::Server(ServerNews::Started { .. }) => {
            last.clear();
            None
        }
        What::Device(who, DeviceNews::Wrote { .. }) => {
            last.insert(*who, what.clone());
            None
        }
        What::Device(who, DeviceNews::Ended { forgot: true, .. }) => {
            last.remove(who);
            None
        }
        What::Device(who, DeviceNews::Began { keeping, .. }) => {
            last.remove(who).filter(|_| *keeping == Keeping::Messages)
        }
        _ => None,
    })
}

/// A line that was written before the program died comes again without a mark.
pub fn repeats_unmarked(events: &mut Events) -> Option<()> {
    let mut written = BTreeSet::new();
    alter(events, |what| {
        let What::Device(who, DeviceNews::Wrote { epoch, message }) = what else {
            return None;
        };
        let again = !written.insert((*who, *epoch, message.seq));
        (again && message.may_repeat).then(|| message.may_repeat = false)
    })
}

pub fn hears_a_text_twice(events: &mut Events) -> Option<()> {
    put_behind(events, |what| match what {
        What::Classic(_, ClassicNews::Heard { .. }) => Some(what.clone()),
        _ => None,
    })
}

pub fn cannot_read(events: &mut Events) -> Option<()> {
    put_behind(events, |what| match what {
        What::Classic(who, ClassicNews::Received) => {
            Some(What::Classic(*who, ClassicNews::Misread("?".into())))
        }
        _ => None,
    })
}

/// Somebody whose device no other program has used is told, while it is offline, that it is replaced.
pub fn is_replaced_by_nobody(events: &mut Events) -> Option<()> {
    let mut usurped = BTreeSet::new();
    put_behind(events, |what| match what {
        What::Plan(Step {
            deed: Deed::Do(who, Act::Usurp(_)),
            ..
        }) => {
            usurped.insert(*who);
            None
        }
        What::Device(who, DeviceNews::Told(Notice::Offline { .. })) if !usurped.contains(who) => {
            let away = Notice::Away(WhyAway::Replaced);
            Some(What::Device(*who, DeviceNews::Told(away)))
        }
        _ => None,
    })
}

pub fn hears_garbage(events: &mut Events) -> Option<()> {
    alter(events, |what| match what {
        What::Device(_, DeviceNews::Told(Notice::Offline { why, .. })) => {
            *why = WhyOffline::Garbage("a word too many");
            Some(())
        }
        _ => None,
    })
}

fn recalled(what: &mut What) -> Option<&mut Recalled> {
    match what {
        What::Device(_, DeviceNews::Recalled { recalled, .. }) => Some(recalled),
        _ => None,
    }
}

pub fn reads_another_text(events: &mut Events) -> Option<()> {
    alter(events, |what| {
        recalled(what)?.messages.first_mut()?.body.push('!');
        Some(())
    })
}

/// What somebody is told of two others' conversation.
pub fn reads_what_is_not_its_own(events: &mut Events) -> Option<()> {
    let others = events.iter().find_map(|event| match &event.what {
        What::Device(who, DeviceNews::Recalled { recalled, .. }) => {
            let to_one = |message: &&Message| message.to != Recipient::All;
            let first = recalled.messages.first().filter(to_one)?;
            Some((*who, first.clone()))
        }
        _ => None,
    });
    let (theirs, message) = others?;
    alter(events, |what| match what {
        What::Device(who, DeviceNews::Recalled { recalled, .. }) if *who != theirs => {
            let to_all = recalled.with == Recipient::All;
            let first = recalled.messages.first_mut().filter(|_| to_all)?;
            *first = message.clone();
            Some(())
        }
        _ => None,
    })
}

pub fn reads_all_but_one(events: &mut Events) -> Option<()> {
    alter(events, |what| {
        let messages = &mut recalled(what)?.messages;
        (messages.len() > 2).then(|| drop(messages.remove(1)))
    })
}

pub fn is_not_told_what_is_before(events: &mut Events) -> Option<()> {
    alter(events, |what| {
        let recalled = recalled(what)?;
        std::mem::take(&mut recalled.more).then_some(())
    })
}

pub fn reads_what_it_did_not_ask(events: &mut Events) -> Option<()> {
    put_behind(events, |what| {
        matches!(what, What::Device(_, DeviceNews::Recalled { .. })).then(|| what.clone())
    })
}
