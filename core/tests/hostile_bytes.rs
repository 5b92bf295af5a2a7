//! Whatever comes on a connection, however it is cut: nobody panics, no bound is passed, and nobody else notices.

#[path = "hostile_bytes/healthy.rs"]
mod healthy;
#[path = "hostile_bytes/speech.rs"]
mod speech;
mod stage;

use healthy::Healthy;
use proptest::prelude::*;
use speech::{Deed, chunks, deeds, session_speech};
use stage::Stage;
use std::collections::BTreeSet;
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;
use verbatim_core::router::{CloseReason, Input};

/// The first of the connections that do anything.
const WILD: u32 = 10;

/// Bounds so small that random bytes reach them.
fn small() -> Limits {
    Limits {
        body_bytes_max: 4_096,
        skipped_bytes_max: 16_384,
        unread_bytes_max: 8_192,
        unwritten_bytes_max: 2_048,
        connections_max: 12,
        unregistered_connections_max: 4,
        users_max: 8,
        window_deliveries_max: 8,
        window_bytes_max: 4_096,
        users_page_max: 3,
        owed_bytes_max: 32_768,
        classic_waiting_max: 4,
        former_devices_max: 3,
        left_remembered_max: 4,
        broadcasts_counted_max: 4,
        page_messages_max: 4,
        ..Limits::default()
    }
}

/// One read may be answered before the bound is looked at again: the shortest frame is three bytes, the longest answer
/// to one a page of names.
const ONE_READ_ANSWERED: u64 = 8 * 1024;

fn within_bounds(stage: &Stage) -> Result<(), TestCaseError> {
    for level in stage.router.status().levels {
        let more = match level.limit {
            "unwritten_bytes_max" => ONE_READ_ANSWERED,
            _ => 0,
        };
        prop_assert!(level.now <= level.max + more, "{:?}", level);
    }
    Ok(())
}

fn carry_out(stage: &mut Stage, healthy: &mut Healthy, deed: Deed) {
    match deed {
        Deed::Say { conn, bytes } => {
            let conn = ConnId(WILD + conn);
            if !stage.wires.contains_key(&conn) {
                stage.open(conn);
            }
            if !stage.wires.get(&conn).is_some_and(|wire| wire.paused) {
                stage.say(conn, &bytes.0);
            }
        }
        Deed::HangUp { conn } => stage.hang_up(ConnId(WILD + conn)),
        Deed::Stick { conn, stuck } => {
            let conn = ConnId(WILD + conn);
            if !stage.wires.contains_key(&conn) {
                stage.open(conn);
            }
            if let Some(wire) = stage.wires.get_mut(&conn) {
                wire.stuck = stuck;
            }
        }
        Deed::Commits { wait } => {
            stage.commits_wait = wait;
            stage.step(Input::Timeout);
        }
        Deed::Wait { ms } => healthy.wait(stage, Duration::from_millis(ms)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn others_never_notice(deeds in deeds()) {
        let mut stage = Stage::new(small());
        let mut healthy = Healthy::join(&mut stage);
        for deed in deeds {
            carry_out(&mut stage, &mut healthy, deed);
            within_bounds(&stage)?;
            if !stage.commits_wait {
                healthy.exchange(&mut stage).map_err(TestCaseError::fail)?;
            }
        }
        carry_out(&mut stage, &mut healthy, Deed::Commits { wait: false });
        healthy.exchange(&mut stage).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn the_cut_of_a_stream_changes_nothing(speech in session_speech(), cuts in any::<u64>()) {
        let speech = speech.0;
        let finest = effect(&speech, &chunks(speech.len(), 1));
        for width in [speech.len().max(1), 7, 1 + cuts as usize % 97] {
            let other = effect(&speech, &chunks(speech.len(), width));
            prop_assert_eq!(&finest.log, &other.log, "the same records");
            prop_assert_eq!(&finest.spoken, &other.spoken, "the same frames that are no answers");
            prop_assert_eq!(finest.closed, other.closed);
            // A connection that ends need not hear the answers that are due then.
            if finest.closed.is_none() {
                prop_assert_eq!(&finest.answers, &other.answers);
            }
        }
    }
}

/// What a stream of one connection led to.
#[derive(Debug)]
struct Effect {
    /// What others heard of it.
    log: Vec<String>,
    /// Each id with its answer, and the lists of names.
    answers: BTreeSet<String>,
    /// All other frames to it, in their order for each verb.
    spoken: Vec<String>,
    closed: Option<CloseReason>,
}

fn effect(speech: &[u8], ends: &[usize]) -> Effect {
    let mut stage = Stage::new(Limits::default());
    Healthy::join(&mut stage);
    let conn = ConnId(WILD);
    stage.open(conn);
    stage.say(conn, speech::HELLO);
    let mut from = 0;
    for end in ends {
        stage.say(conn, &speech[from..*end]);
        from = *end;
    }
    stage.wait(Duration::from_millis(2)); // an answer may wait for a delivery to travel with
    let heard = stage.take_text(conn);
    let (answers, spoken) = speech::sorted(&heard);
    Effect {
        log: stage.records(),
        answers,
        spoken,
        closed: stage.wires[&conn].closed,
    }
}
