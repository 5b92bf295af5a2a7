//! Draws a plan from a seed: who takes part, and what each of them does.

use super::faults::befall;
use super::{Act, Chop, Deed, Keeping, Part, Plan, Step, Tightness, To, UserPlan};
use crate::dice::Dice;
use std::time::Duration;

pub(super) const NAMES: [&str; 12] = [
    "ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal", "ida", "jon", "kim", "lea",
];

/// How much happens in a run.
#[derive(Clone, Copy)]
struct Size {
    /// Users, but for the one who wants another's name.
    users: (u64, u64),
    /// Milliseconds until everything heals, with a fine tick and with a coarse one.
    chaos: [(u64, u64); 2],
    /// The most lines at once.
    lines_max: u64,
    /// By what the time between two faults of a kind is divided.
    haste: u64,
}

const FULL: Size = Size {
    users: (4, 9),
    chaos: [(4_000, 8_000), (6_000, 24_000)],
    lines_max: 90,
    haste: 1,
};
const SMALL: Size = Size {
    users: (2, 4),
    chaos: [(600, 1_500), (600, 3_000)],
    lines_max: 20,
    haste: 5,
};

impl Plan {
    /// The plan of that seed.
    pub fn draw(seed: u64) -> Plan {
        Plan::draw_sized(seed, FULL)
    }

    /// One of that seed in which less happens, of the same kinds.
    pub fn draw_small(seed: u64) -> Plan {
        Plan::draw_sized(seed, SMALL)
    }

    fn draw_sized(seed: u64, size: Size) -> Plan {
        let mut dice = Dice::new(seed, "plan");
        let fine = dice.chance(60);
        let (least, most) = size.chaos[usize::from(!fine)];
        let chaos = dice.between(least, most);
        let hosts = dice.between(2, 4);
        let latencies: Vec<Duration> = (0..hosts).map(|_| latency(&mut dice)).collect();
        let mut plan = Plan {
            seed,
            tick: Duration::from_millis(if fine { 1 } else { 10 }),
            random_order: dice.chance(500),
            segments_max: usize::try_from(dice.pick(&[64, 256, 4096])).expect("small"),
            tightness: tightness(&mut dice),
            commit_max: Dice::new(seed, "commit").pick(&[0, 0, 5, 30, 200]),
            disk: Dice::new(seed, "disk").chance(300),
            latencies,
            chop: chop(&mut dice),
            users: users(&mut dice, seed, hosts, size),
            steps: Vec::new(),
            chaos: Duration::from_millis(chaos),
        };
        plan.steps = steps(&plan, chaos, size);
        plan
    }
}

fn latency(dice: &mut Dice) -> Duration {
    Duration::from_millis(dice.pick(&[1, 5, 10, 20, 40, 80]))
}

fn tightness(dice: &mut Dice) -> Tightness {
    Tightness {
        away: dice.chance(500),
        room: dice.chance(300),
        pages: dice.chance(400),
        beat: false,
    }
}

fn chop(dice: &mut Dice) -> Chop {
    Chop {
        permille: dice.pick(&[0, 100, 500, 900]),
        bytes_max: dice.pick(&[1, 7, 40, 400]),
        pause_max: dice.pick(&[0, 15, 60]),
    }
}

fn users(dice: &mut Dice, seed: u64, hosts: u64, size: Size) -> Vec<UserPlan> {
    let count = dice.between(size.users.0, size.users.1);
    let mut users: Vec<UserPlan> = (0..count)
        .map(|at| {
            let name = NAMES[usize::try_from(at).expect("few users")];
            let part = if dice.chance(700) {
                device(dice)
            } else {
                classic(dice, &mut Dice::new(seed, &format!("ahead {at}")))
            };
            user(name, dice.below(hosts), part)
        })
        .collect();
    if dice.chance(300) {
        // Somebody else who wants the first one's name, in another spelling.
        users.push(user("ANN", dice.below(hosts), device(dice)));
    }
    users
}

fn user(name: &str, host: u64, part: Part) -> UserPlan {
    let host = usize::try_from(host).expect("few hosts");
    UserPlan {
        name: name.into(),
        host,
        part,
    }
}

fn device(dice: &mut Dice) -> Part {
    Part::Device {
        keeping: dice.pick(&[Keeping::Nothing, Keeping::Counters, Keeping::Messages]),
        deliveries: u32::try_from(dice.pick(&[1, 2, 4, 16, 256])).expect("small"),
        bytes: dice.pick(&[0, 600, 262_144, 262_144]),
        waits_for_name: dice.chance(300),
        write_max: dice.pick(&[0, 0, 20, 200]),
    }
}

fn classic(dice: &mut Dice, ahead: &mut Dice) -> Part {
    let reads_once = dice.chance(500);
    Part::Classic {
        reads_once,
        think_max: dice.pick(&[0, 30, 300]),
        // One who reads once would take two answers for one.
        ahead_max: if reads_once {
            1
        } else {
            ahead.pick(&[1, 2, 8])
        },
    }
}

fn steps(plan: &Plan, chaos: u64, size: Size) -> Vec<Step> {
    let mut steps = Vec::new();
    for (who, user) in plan.users.iter().enumerate() {
        live(plan, who, user, (chaos, size.lines_max), &mut steps);
        if matches!(user.part, Part::Device { .. }) {
            look_back(plan, who, chaos, &mut steps);
        }
    }
    befall(plan, chaos, size.haste, &mut steps);
    // Stable: what happens at one time keeps the order of users, then of faults.
    steps.sort_by_key(|step| step.at);
    steps
}

/// What one user does until then, with so many lines at once at most.
fn live(
    plan: &Plan,
    who: usize,
    user: &UserPlan,
    (chaos, lines_max): (u64, u64),
    steps: &mut Vec<Step>,
) {
    let mut dice = Dice::new(plan.seed, &format!("user {who}"));
    let is_device = matches!(user.part, Part::Device { .. });
    let says_many = !matches!(user.part, Part::Classic { ahead_max: 1, .. });
    let pace = dice.pick(&[150, 400, 1_200]);
    let unrest = dice.pick(&[0, 20, 80, 160]);
    let mut at = if dice.chance(800) {
        dice.below(200)
    } else {
        dice.below(chaos / 2)
    };
    steps.push(step(at, who, Act::Begin));
    while at < chaos {
        at += dice.between(1, pace * 2);
        let act = if dice.chance(unrest) {
            trouble(&mut dice, is_device)
        } else {
            say(&mut dice, plan.users.len(), says_many, lines_max)
        };
        steps.push(step(at, who, act));
        if let Act::Crash { .. } | Act::Leave { .. } = act {
            at += dice.pick(&[1, 200, 1_000, 6_000]);
            steps.push(step(at, who, Act::Begin));
        }
    }
    steps.retain(|step| step.at < chaos);
}

/// When one user asks for what was said earlier until then. Its dice are its own, so that whoever asks more does nothing
/// else otherwise.
fn look_back(plan: &Plan, who: usize, chaos: u64, steps: &mut Vec<Step>) {
    let mut dice = Dice::new(plan.seed, &format!("history {who}"));
    let pace = dice.pick(&[0, 0, 300, 1_500]);
    let mut at = 0;
    while pace > 0 && at < chaos {
        at += dice.between(1, pace * 2);
        let with = match dice.below(20) {
            0 => To::Nobody,
            1..=8 => To::All,
            _ => {
                let users = u64::try_from(plan.users.len()).expect("few users");
                To::User(usize::try_from(dice.below(users)).expect("few users"))
            }
        };
        let count = dice.pick(&[1, 2, 7, 40]);
        steps.push(step(at, who, Act::History { with, count }));
    }
    steps.retain(|step| step.at < chaos);
}

fn step(at: u64, who: usize, act: Act) -> Step {
    let deed = Deed::Do(who, act);
    Step { at, deed }
}

fn say(dice: &mut Dice, users: usize, says_many: bool, lines_max: u64) -> Act {
    let users = u64::try_from(users).expect("few users");
    let to = match dice.below(20) {
        0 => To::Nobody,
        1..=4 => To::All,
        _ => To::User(usize::try_from(dice.below(users)).expect("few users")),
    };
    let lines = match dice.below(40) {
        _ if !says_many => 1,
        0 => lines_max,
        1..=4 => 5,
        5..=12 => 2,
        _ => 1,
    };
    let bytes = match dice.below(20) {
        0 => dice.between(900, 3_000),
        1 => dice.between(200, 900),
        _ => dice.below(40),
    };
    let bytes = if lines > 5 { bytes.min(60) } else { bytes };
    let age = dice.pick(&[0, 0, 0, 1_500, 8_000]);
    Act::Say {
        to,
        lines,
        bytes,
        age,
    }
}

fn trouble(dice: &mut Dice, is_device: bool) -> Act {
    let span = dice.pick(&[300, 2_000, 12_000, 25_000]);
    match dice.below(if is_device { 11 } else { 6 }) {
        0 => Act::Crash { dark: 0 },
        1 => Act::Crash { dark: span },
        2 => Act::Cut {
            far: dice.chance(500),
        },
        3 => Act::Dark(span),
        4 => Act::Pause(span),
        5 => Act::Leave {
            forget: dice.chance(500),
        },
        6 => Act::Deaf(span),
        7 => Act::Usurp(span),
        8 => Act::Return,
        9 => Act::Withdraw,
        _ => Act::Who,
    }
}
