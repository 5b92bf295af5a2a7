//! Draws plans of the kinds that are no swarm.

use super::draw::NAMES;
use super::{Act, Deed, Fault, Keeping, Part, Plan, Profile, Step, To, UserPlan};
use crate::dice::Dice;
use std::time::Duration;

/// Users of a standard run, and the lines of each.
const STANDARD: (usize, u64) = (8, 50);
/// Between two lines of a standard run's user, in milliseconds, at most.
const STANDARD_PACE: u64 = 200;
/// Of a rate run's user: times at which it writes, lines each time, and milliseconds between two of them at most.
const RATE: (u64, u64, u64) = (5, 10, 200);
/// Users of a calm run, and what happens in it.
const CALM: (usize, u64) = (5, 14);
/// Between any two things in a calm run, in milliseconds.
const CALM_PACE: u64 = 250;
/// The longest time that a commit takes in a calm run, in milliseconds.
const CALM_COMMIT: u64 = 10;

impl Plan {
    /// The plan of that seed and profile.
    pub fn draw_from(profile: Profile, seed: u64) -> Plan {
        match profile {
            Profile::Swarm => Plan::draw(seed),
            Profile::Small => Plan::draw_small(seed),
            Profile::Standard => standard(seed),
            Profile::Rate => rate(seed),
            Profile::Calm => calm(seed),
        }
    }
}

fn standard(seed: u64) -> Plan {
    let mut plan = Plan::empty(seed);
    let mut dice = Dice::new(seed, "standard");
    let (users, lines) = STANDARD;
    seat(&mut plan, users);
    for who in 0..users {
        let mut at = dice.below(20);
        step(&mut plan, at, who, Act::Begin);
        for _ in 0..lines {
            at += dice.between(1, STANDARD_PACE);
            let to = match dice.below(8) {
                0 => To::All,
                _ => To::User(dice.below(users as u64) as usize),
            };
            step(&mut plan, at, who, say(to, 1));
        }
    }
    let chaos = lines * STANDARD_PACE;
    cut_off(&mut plan, &mut dice, chaos, (500, 6_000));
    finish(plan, chaos)
}

fn rate(seed: u64) -> Plan {
    let mut plan = Plan::empty(seed);
    let mut dice = Dice::new(seed, "rate");
    let ((users, _), (times, lines, pace)) = (STANDARD, RATE);
    seat(&mut plan, users);
    for who in 0..users {
        let mut at = dice.below(20);
        step(&mut plan, at, who, Act::Begin);
        for _ in 0..times {
            at += dice.between(1, pace);
            let to = To::User(dice.below(users as u64) as usize);
            step(&mut plan, at, who, say(to, lines));
        }
    }
    let chaos = times * pace;
    plan.tightness.beat = true;
    cut_off(&mut plan, &mut dice, chaos, (100, 600));
    finish(plan, chaos)
}

/// Session users on four hosts.
fn seat(plan: &mut Plan, users: usize) {
    plan.latencies = vec![Duration::from_millis(5); 4];
    for (who, name) in NAMES.into_iter().enumerate().take(users) {
        plan.users.push(UserPlan {
            name: name.into(),
            host: who % plan.latencies.len(),
            part: session(Keeping::Messages),
        });
    }
}

/// Each host is cut off once, for so many milliseconds.
fn cut_off(plan: &mut Plan, dice: &mut Dice, chaos: u64, (least, most): (u64, u64)) {
    for host in 0..plan.latencies.len() {
        let (at, span) = (dice.below(chaos), dice.between(least, most));
        let deed = Deed::Befall(Fault::Partition { host, span });
        plan.steps.push(Step { at, deed });
    }
}

/// One thing after the other: nobody acts before what was done is seen by all.
fn calm(seed: u64) -> Plan {
    let mut plan = Plan::empty(seed);
    let mut dice = Dice::new(seed, "calm");
    plan.latencies = vec![Duration::from_millis(1); 2];
    (plan.disk, plan.commit_max) = (seed % 2 == 1, CALM_COMMIT);
    let (users, things) = CALM;
    let mut at = 0;
    for (who, name) in NAMES.into_iter().enumerate().take(users) {
        let part = match dice.below(3) {
            0 => Part::Classic {
                reads_once: dice.chance(500),
                think_max: 0,
                ahead_max: 1,
            },
            _ => session(dice.pick(&[Keeping::Nothing, Keeping::Counters, Keeping::Messages])),
        };
        let (name, host) = (name.into(), who % plan.latencies.len());
        plan.users.push(UserPlan { name, host, part });
        at += CALM_PACE;
        step(&mut plan, at, who, Act::Begin);
    }
    for _ in 0..things {
        at += CALM_PACE;
        let who = dice.below(users as u64) as usize;
        let to = match dice.below(6) {
            0 => To::All,
            1 => To::Nobody,
            _ => To::User(dice.below(users as u64) as usize),
        };
        step(&mut plan, at, who, say(to, 1));
    }
    finish(plan, at + CALM_PACE)
}

fn session(keeping: Keeping) -> Part {
    Part::Device {
        keeping,
        deliveries: 256,
        bytes: 262_144,
        waits_for_name: false,
        write_max: 0,
    }
}

fn say(to: To, lines: u64) -> Act {
    Act::Say {
        to,
        lines,
        bytes: 20,
        age: 0,
    }
}

fn step(plan: &mut Plan, at: u64, who: usize, act: Act) {
    let deed = Deed::Do(who, act);
    plan.steps.push(Step { at, deed });
}

fn finish(mut plan: Plan, chaos: u64) -> Plan {
    plan.steps.sort_by_key(|step| step.at);
    plan.chaos = Duration::from_millis(chaos);
    plan
}
