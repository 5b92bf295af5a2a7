//! What a log whose beginning is forgotten tells of what was said earlier: all that is left, without gaps, and that nothing
//! is before it.

use crate::ground::{Author, Ground};
use crate::retention::{keeps, talk, trim};
use verbatim_core::id::{Number, UserId};
use verbatim_core::record::{Conversation, Message, What};
use verbatim_core::router::{Past, Question};
use verbatim_net::engine::Engine;
use verbatim_net::engine::disk::Disk;

fn ask(engine: &Disk, user: UserId, conversation: Conversation, before: Number) -> Past {
    let question = Question {
        user,
        opened: 1,
        conversation,
        before,
        messages_max: 7,
        bytes_max: 1 << 20,
    };
    engine.recall(&question).unwrap()
}

/// Asks for every page, from the number behind the last one to the first.
fn compare(engine: &Disk, author: &Author, user: UserId, conversation: Conversation) {
    let said = author
        .records
        .iter()
        .filter_map(|record| match &record.what {
            What::Message(message) => Some(message),
            _ => None,
        });
    let said = said.filter(|message| message.conversation() == conversation);
    let said: Vec<&Message> = said.collect();
    let gone = said.partition_point(|message| message.seq <= engine.removed());
    assert!(
        gone > 7 && gone + 7 < said.len(),
        "{gone} of {}",
        said.len()
    );
    for before in (1..=said.len() + 1).rev() {
        let first = gone.max((before - 1).saturating_sub(7));
        let expected = said.get(first..before - 1).unwrap_or_default();
        let past = ask(engine, user, conversation, Number(before as u64));
        let told: Vec<&[u8]> = past.messages.iter().map(Message::frame).collect();
        let expected: Vec<&[u8]> = expected.iter().map(|message| message.frame()).collect();
        assert_eq!(told, expected, "before {before}");
        let more = first > gone && !told.is_empty();
        assert_eq!(past.more, more, "before {before}, {gone} are gone");
    }
}

/// In checkpoints and in the tail behind them, after a restart, and when more has gone since.
#[test]
fn pages_end_where_the_log_begins() {
    for records in [40, 1_000_000] {
        let (ground, mut author) = (Ground::new(&format!("past-{records}")), Author::default());
        let limits = keeps(Some(60_000), None);
        let mut engine = ground.engine_with(records, &limits);
        engine.load().unwrap();
        let mut last = engine.removed();
        for _ in 0..2 {
            let (ann, ben) = talk(&mut author, &mut engine, 500);
            let removed = trim(&mut engine, author.space.head(), author.space.age());
            assert!(removed > last, "something went");
            last = removed;
            for _ in 0..2 {
                compare(&engine, &author, ben, Conversation::All);
                compare(&engine, &author, ann, Conversation::Pair(ann, ben));
                let own = ask(&engine, ann, Conversation::Pair(ann, ann), Number(9));
                assert!(own.messages.is_empty() && !own.more);
                drop(engine);
                engine = ground.engine_with(records, &limits);
                engine.load().unwrap();
            }
        }
    }
}
