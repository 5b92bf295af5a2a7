//! A smoother run, and steps that say less.

use super::Search;
use crate::plan::{Act, Chop, Deed, Fault, Keeping, Part, Plan, Tightness};
use std::time::Duration;

/// What a user takes without acking, when that is not what matters.
const WINDOW: (u32, u64) = (256, 262_144);

impl<F: FnMut(&Plan) -> bool> Search<F> {
    /// Takes away what makes a run rough.
    pub(super) fn roughness(&mut self) {
        self.change(|plan| {
            plan.chop = Chop {
                permille: 0,
                bytes_max: 1,
                pause_max: 0,
            };
        });
        self.change(|plan| plan.random_order = false);
        self.change(|plan| plan.segments_max = 4096);
        self.change(|plan| plan.commit_max = 0);
        self.change(|plan| plan.disk = false);
        self.change(|plan| plan.tick = Duration::from_millis(1));
        let loosenings: [fn(&mut Tightness); 4] = [
            |tightness| tightness.away = false,
            |tightness| tightness.room = false,
            |tightness| tightness.pages = false,
            |tightness| tightness.beat = false,
        ];
        for loosen in loosenings {
            self.change(|plan| loosen(&mut plan.tightness));
        }
        for host in 0..self.plan.latencies.len() {
            self.change(|plan| plan.latencies[host] = Duration::from_millis(1));
        }
        for who in 0..self.plan.users.len() {
            self.change(|plan| plan.users[who].host = 0);
            self.ways(who);
        }
    }

    /// Gives a user the simplest ways.
    fn ways(&mut self, who: usize) {
        let changes: [fn(&mut Part); 6] = [
            |part| {
                if let Part::Device { write_max, .. } = part {
                    *write_max = 0;
                }
            },
            |part| {
                if let Part::Device {
                    deliveries, bytes, ..
                } = part
                {
                    (*deliveries, *bytes) = WINDOW;
                }
            },
            |part| {
                if let Part::Device { waits_for_name, .. } = part {
                    *waits_for_name = false;
                }
            },
            |part| {
                if let Part::Device { keeping, .. } = part {
                    *keeping = Keeping::Messages;
                }
            },
            |part| {
                if let Part::Classic { ahead_max, .. } = part {
                    *ahead_max = 1;
                }
            },
            |part| {
                if let Part::Classic { think_max, .. } = part {
                    *think_max = 0;
                }
            },
        ];
        for change in changes {
            self.change(|plan| change(&mut plan.users[who].part));
        }
    }

    /// Lets each step say less.
    pub(super) fn details(&mut self) {
        for at in 0..self.plan.steps.len() {
            for simpler in simpler(self.plan.steps[at].deed) {
                self.change(|plan| plan.steps[at].deed = simpler);
            }
        }
    }
}

/// What may stand in place of a deed, the simplest first.
fn simpler(deed: Deed) -> Vec<Deed> {
    match deed {
        Deed::Do(who, act) => {
            let acts = simpler_acts(act);
            acts.into_iter().map(|act| Deed::Do(who, act)).collect()
        }
        Deed::Befall(fault) => {
            let faults = simpler_faults(fault);
            faults.into_iter().map(Deed::Befall).collect()
        }
    }
}

fn simpler_acts(act: Act) -> Vec<Act> {
    match act {
        Act::Say {
            to,
            lines,
            bytes,
            age,
        } => {
            let say = |lines, bytes, age| Act::Say {
                to,
                lines,
                bytes,
                age,
            };
            let few = lines.min(1);
            let half = lines.div_ceil(2);
            vec![
                say(few, 0, 0),
                say(lines, 0, 0),
                say(half, bytes, age),
                say(lines, bytes, 0),
                say(lines, bytes / 2, age),
            ]
        }
        Act::History { with, count } if count > 1 => vec![Act::History { with, count: 1 }],
        Act::Crash { dark } => spans(dark).map(|dark| Act::Crash { dark }).collect(),
        Act::Pause(span) => spans(span).map(Act::Pause).collect(),
        Act::Deaf(span) => spans(span).map(Act::Deaf).collect(),
        Act::Dark(span) => spans(span).map(Act::Dark).collect(),
        Act::Usurp(span) => spans(span).map(Act::Usurp).collect(),
        _ => Vec::new(),
    }
}

fn simpler_faults(fault: Fault) -> Vec<Fault> {
    match fault {
        Fault::Partition { host, span } => spans(span)
            .map(|span| Fault::Partition { host, span })
            .collect(),
        Fault::OneWay {
            host,
            to_server,
            span,
        } => spans(span)
            .map(|span| Fault::OneWay {
                host,
                to_server,
                span,
            })
            .collect(),
        Fault::Hold { host, span } => spans(span).map(|span| Fault::Hold { host, span }).collect(),
        Fault::ServerCrash { span, .. } => vec![
            Fault::ServerCrash {
                power: false,
                span: 100,
            },
            Fault::ServerCrash { power: false, span },
        ],
        fault => simpler_disk_faults(fault),
    }
}

fn simpler_disk_faults(fault: Fault) -> Vec<Fault> {
    match fault {
        Fault::DiskFull { room, unseen, span } => spans(span)
            .map(|span| Fault::DiskFull { room, unseen, span })
            .collect(),
        Fault::DiskCut { after, again, span } => {
            let simple = Fault::ServerCrash { power: true, span };
            let once = (again > 0).then_some(Fault::DiskCut {
                after,
                again: 0,
                span,
            });
            let shorter = spans(span).map(|span| Fault::DiskCut { after, again, span });
            [simple].into_iter().chain(once).chain(shorter).collect()
        }
        Fault::DiskError { after, span } => spans(span)
            .map(|span| Fault::DiskError { after, span })
            .collect(),
        _ => Vec::new(),
    }
}

/// Shorter spans, the shortest first.
fn spans(span: u64) -> impl Iterator<Item = u64> {
    let shorter = [0, 100, 1_000, span / 2];
    shorter.into_iter().filter(move |shorter| *shorter < span)
}
