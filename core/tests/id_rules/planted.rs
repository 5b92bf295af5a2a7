//! Every rule broken once: the search must notice, and name what breaks first.

use super::check::Violation;
use super::rules::{Fault, Known, Rules};
use super::search::explore;

/// Fails unless the shortest scenario under these rules ends in this violation.
fn assert_broken(rules: &Rules, violation: Violation) {
    match explore(rules) {
        Ok(explored) => panic!("{rules:?} held in all {} states", explored.states.len()),
        Err(scenario) => assert_eq!(scenario.violation, violation, "{rules:?}: {scenario}"),
    }
}

macro_rules! planted {
    ($($(#[$doc:meta])* $name:ident: $fault:ident => $violation:ident;)*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $name() {
                assert_broken(&Rules::broken(Fault::$fault), Violation::$violation);
            }
        )*
    };
}

planted! {
    /// `WELCOME` said "not taken", the message was withdrawn, then the old connection's bytes arrived.
    without_the_fence: NoFence => WithdrawnButLogged;
    /// The same, between the server's reading of `Last` and the end of its commit.
    with_a_late_fence: FencesLate => WithdrawnButLogged;
    /// An old `HELLO` arrives late and replaces the newest connection: the client stays away for ever.
    without_try: NoTry => Replaced;
    /// What was sent behind a refused message looks like a gap.
    without_the_rewind: NoRewind => Gap;
    /// What was sent behind a refused message is taken, although the client has queued it again and withdrawn it.
    with_what_is_behind_taken: TakesWhatIsBehind => WithdrawnButLogged;
    /// The client is told that a message was not taken whose commit was under way.
    with_last_from_what_is_committed: TellsCommittedLast => WithdrawnButLogged;
    /// An id is told as taken whose commit may fail. The ids alone would survive it, since the next `WELCOME` takes it
    /// back; but then `Last` is not final, and nothing may be built on it.
    with_last_before_its_commit: TellsLastEarly => LastNotFinal;
    /// Accepted, and then the commit failed.
    with_acceptance_before_its_commit: AcceptsEarly => AcceptedNotLogged;
    /// `Answered` passes an id that has no answer yet, and a resume would never ask for it.
    with_rejections_before_earlier_commits: RejectsEarly => AnswerOutOfOrder;
    /// The same for passing rejections.
    with_passing_rejections_before_earlier_commits: PassesEarly => AnswerOutOfOrder;
    /// The client goes on after the rejected id, the server expects it again.
    with_rejections_that_keep_the_id: RejectionKeepsId => Gap;
    /// The client waits for an answer that nobody owes it.
    with_passing_rejections_in_silence: PassesInSilence => Stuck;
    /// An answer was lost with its connection and does not come again.
    without_answers_again: NoAnswersAgain => AnswerOutOfOrder;
    /// A new connection knows nothing of what the older one brought.
    with_ids_per_connection: IdsPerConnection => WithdrawnButLogged;
    /// A restarted server knows nothing of what is in its log.
    with_ids_forgotten_at_a_restart: ForgetsIds => WithdrawnButLogged;
    /// The client goes on after an id that was undone.
    with_connections_that_outlive_a_failed_commit: KeepsConnections => Gap;
    /// The message was on its way.
    with_a_sent_message_withdrawn: WithdrawsSent => WithdrawnButLogged;
    /// The answer for the first holder of the id meets nobody, or somebody else.
    with_ids_of_sent_messages_reused: ReusesIds => AnswerToNothing;
    /// The message was taken under its first id.
    with_everything_sent_anew: ResendsUnderNewIds => AnswerToNothing;
    /// One of them was withdrawn, and its id is missing.
    with_old_ids_kept_above_last: KeepsOldIds => Gap;
    /// The message behind keeps an id that somebody else gets.
    with_only_the_refused_message_requeued: RequeuesOne => AcceptedNotLogged;
    /// `WELCOME` speaks of a time before the message arrived.
    with_messages_sent_before_welcome: SendsBeforeWelcome => WithdrawnButLogged;
    /// An old connection's `WELCOME` speaks of a time before the newest one's messages.
    with_old_connections_still_read: ReadsOld => WithdrawnButLogged;
    /// The first byte left before the store knew the id.
    with_ids_forgotten_in_a_crash: ForgetsSent => WithdrawnButLogged;
    /// The counter begins anew, and the newest connection is taken for an old one.
    with_try_forgotten_in_a_crash: ForgetsTry => Replaced;
    /// Void and void again.
    with_a_replaced_client_that_comes_back_unchanged: ComesBackUnchanged => Endless;
    /// A rejected id is used again after a restart; its answer is then taken for known.
    with_answered_above_last: KeepsAnswered => AnswerOutOfOrder;
    /// A rejection leaves no record: a restarted server may tell a lower `Last` without having lost anything.
    with_loss_judged_by_answered: LostByAnswered => FalseLoss;
}

/// The client left more unanswered than the ring remembers.
#[test]
fn with_a_window_wider_than_the_ring() {
    for ring in [1, 2] {
        let rules = Rules {
            window: ring + 1,
            ..Rules::sound(ring)
        };
        assert_broken(&rules, Violation::AnswerOutOfOrder);
    }
}

/// `WELCOME` with `Lost` was lost itself; the next one said only "not taken" of what stood in the lost log.
#[test]
fn with_a_loss_told_only_once() {
    let rules = Rules {
        fault: Some(Fault::TellsLossOnce),
        ..Rules::with_losses()
    };
    assert_broken(&rules, Violation::WithdrawnButLogged);
}

/// A client that tells only what is accepted, and has nothing accepted, cannot show by it that it was here before.
#[test]
fn with_a_loss_told_only_once_and_nothing_accepted() {
    let rules = Rules {
        fault: Some(Fault::TellsLossOnce),
        known: Known::Accepted,
        ..Rules::with_losses()
    };
    assert_broken(&rules, Violation::WithdrawnButLogged);
}

/// The new session's `Last` says nothing about what was sent in the lost one.
#[test]
fn with_a_loss_ignored() {
    let rules = Rules {
        fault: Some(Fault::IgnoresLoss),
        ..Rules::with_losses()
    };
    assert_broken(&rules, Violation::WithdrawnButLogged);
}

/// What a fault does to a client that overlooks what it could notice, and to messages that nobody withdraws.
#[test]
fn without_notice_and_withdrawals() {
    let consequences = [
        (Fault::NoFence, Violation::Twice),
        (Fault::FencesLate, Violation::Twice),
        (Fault::TellsCommittedLast, Violation::Twice),
        (Fault::IdsPerConnection, Violation::Twice),
        (Fault::ForgetsIds, Violation::Twice),
        (Fault::ForgetsSent, Violation::Twice),
        (Fault::ResendsUnderNewIds, Violation::Twice),
        (Fault::TakesWhatIsBehind, Violation::OutOfOrder),
        (Fault::SendsBeforeWelcome, Violation::Gap),
        (Fault::ReadsOld, Violation::Conflict),
        (Fault::KeepsAnswered, Violation::Stuck),
        (Fault::NoAnswersAgain, Violation::Stuck),
        (Fault::RejectsEarly, Violation::Stuck),
    ];
    for (fault, violation) in consequences {
        assert_broken(&Rules::broken(fault).careless(), violation);
    }
    for fault in [Fault::TellsLossOnce, Fault::IgnoresLoss] {
        let rules = Rules {
            fault: Some(fault),
            ..Rules::with_losses()
        };
        assert_broken(&rules.careless(), Violation::Twice);
    }
}
