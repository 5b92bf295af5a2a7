//! Draws what befalls the network and the server. Each kind of fault has dice of its own, and is on in some runs only.

use super::{Act, Deed, Fault, Part, Plan, Step};
use crate::dice::Dice;
use std::time::Duration;

/// A kind of fault: its name, in how many of a thousand runs it is on, and the mean time between two, in milliseconds.
struct Kind {
    name: &'static str,
    permille: u64,
    mean: u64,
    draw: fn(&mut Dice, usize) -> Fault,
}

const KINDS: [Kind; 7] = [
    Kind {
        name: "partition",
        permille: 400,
        mean: 6_000,
        draw: |dice, host| Fault::Partition {
            host,
            span: span(dice),
        },
    },
    Kind {
        name: "one-way",
        permille: 300,
        mean: 6_000,
        draw: |dice, host| Fault::OneWay {
            host,
            to_server: dice.chance(500),
            span: span(dice),
        },
    },
    Kind {
        name: "hold",
        permille: 300,
        mean: 4_000,
        draw: |dice, host| Fault::Hold {
            host,
            span: span(dice),
        },
    },
    Kind {
        name: "latency",
        permille: 400,
        mean: 3_000,
        draw: |dice, host| Fault::Latency {
            host,
            each: dice.pick(&[1, 10, 40, 120]),
        },
    },
    Kind {
        name: "crash",
        permille: 200,
        mean: 8_000,
        draw: |dice, _| Fault::ServerCrash {
            power: dice.chance(500),
            span: dice.pick(&[100, 1_000, 5_000]),
        },
    },
    Kind {
        name: "stop",
        permille: 100,
        mean: 8_000,
        draw: |dice, _| Fault::ServerStop {
            span: dice.pick(&[100, 1_000]),
        },
    },
    Kind {
        name: "clock",
        permille: 500,
        mean: 3_000,
        draw: |dice, _| Fault::Clock {
            jump: dice.pick(&[-86_400_000, -5_000, 5_000, 4_000_000_000]),
        },
    },
];

/// What befalls a disk, in a run that has one.
const OF_A_DISK: [Kind; 3] = [
    Kind {
        name: "disk-full",
        permille: 400,
        mean: 5_000,
        draw: |dice, _| Fault::DiskFull {
            room: dice.pick(&[0, 20_000, 3_000_000]),
            unseen: dice.chance(400),
            span: dice.pick(&[300, 2_000, 8_000]),
        },
    },
    Kind {
        name: "disk-cut",
        permille: 500,
        mean: 4_000,
        draw: |dice, _| Fault::DiskCut {
            after: dice.below(80),
            again: dice.pick(&[0, 1, 6, 12]),
            span: dice.pick(&[100, 1_000, 4_000]),
        },
    },
    Kind {
        name: "disk-error",
        permille: 250,
        mean: 8_000,
        draw: |dice, _| Fault::DiskError {
            after: dice.below(60),
            span: dice.pick(&[100, 1_000, 4_000]),
        },
    },
];

fn span(dice: &mut Dice) -> u64 {
    dice.pick(&[200, 1_000, 4_000, 18_000])
}

/// Adds what befalls a run until then, so many times as often as is usual.
pub(super) fn befall(plan: &Plan, chaos: u64, haste: u64, steps: &mut Vec<Step>) {
    let of_a_disk = if plan.disk { &OF_A_DISK[..] } else { &[] };
    for kind in KINDS.iter().chain(of_a_disk) {
        let mut dice = Dice::new(plan.seed, kind.name);
        if !dice.chance(kind.permille) {
            continue;
        }
        let hosts = u64::try_from(plan.latencies.len()).expect("few hosts");
        let mean = kind.mean / haste;
        let mut at = dice.below(mean);
        while at < chaos {
            let host = usize::try_from(dice.below(hosts)).expect("few hosts");
            let fault = (kind.draw)(&mut dice, host);
            steps.extend(usurp_after(plan, at, fault));
            let deed = Deed::Befall(fault);
            steps.push(Step { at, deed });
            at += dice.between(1, mean * 2);
        }
    }
}

/// Somebody whose other program repeats, after a power cut, what was said before it.
fn usurp_after(plan: &Plan, at: u64, fault: Fault) -> Option<Step> {
    let Fault::DiskCut { span, .. } = fault else {
        return None;
    };
    let mut dice = Dice::new(plan.seed, "usurp after a cut").of(at);
    let who = usize::try_from(dice.below(plan.users.len() as u64)).expect("few users");
    let is_session = matches!(plan.users[who].part, Part::Device { .. });
    let deed = Deed::Do(who, Act::Usurp(2_000));
    let at = at + span + dice.between(200, 1_500);
    let is_in_time = Duration::from_millis(at) < plan.chaos;
    (is_session && is_in_time && dice.chance(400)).then_some(Step { at, deed })
}
