//! Reads a plan from the text that it prints as. What a person got wrong is told with its line and what was expected.

use super::line::{Expected, Words};
use super::mistake::Mistake;
use super::{
    Act, Chop, Deed, Fault, Keeping, Part, Plan, RUN_MAX, Step, TICK_MAX, Tightness, To, UserPlan,
};
use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;
use verbatim_core::name::Name;

/// A segment is on its way for so many milliseconds at most.
const LATENCY_MAX: u64 = 10_000;
/// So many lines are said at a time at most; more of them take a run for ever.
const LINES_MAX: u64 = 1_000;
/// And so many bytes are in each.
const BYTES_MAX: u64 = 1 << 20;

impl FromStr for Plan {
    type Err = Mistake;

    /// Reads what `Display` prints. Empty lines and lines that begin with `#` are passed over; steps may stand in any
    /// order.
    fn from_str(text: &str) -> Result<Plan, Mistake> {
        let mut plan = Plan::empty(0);
        let mut healed = false;
        let mut once = BTreeSet::new();
        for (line, words) in lines(text) {
            let mistake = |expected| Mistake {
                line,
                found: words.into(),
                expected,
            };
            if let Some(what) = stands_once(words).filter(|what| !once.insert(*what)) {
                return Err(mistake(format!("no second line with {what}")));
            }
            let read = plan.read_line(&mut Words::new(words), &mut healed);
            read.map_err(mistake)?;
        }
        let plan = plan.end(healed).map_err(|expected| Mistake {
            line: text.lines().count().max(1),
            found: "the end".into(),
            expected,
        })?;
        plan.nothing_later(text)?;
        Ok(plan)
    }
}

/// The lines that say something, numbered from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, words)| !words.is_empty() && !words.starts_with('#'))
}

/// What a line is about, if a plan has one such line.
fn stands_once(words: &str) -> Option<&str> {
    const ONCE: [&str; 8] = [
        "seed",
        "tick",
        "random-order",
        "segments-max",
        "chop",
        "tight",
        "commit-max",
        "disk",
    ];
    let mut words = words.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    let heals = second.filter(|second| *second == "heal");
    heals.or_else(|| ONCE.contains(&first).then_some(first))
}

impl Plan {
    /// A plan of nobody, in which nothing happens.
    pub(super) fn empty(seed: u64) -> Plan {
        Plan {
            seed,
            tick: Duration::from_millis(1),
            random_order: false,
            segments_max: 4096,
            tightness: Tightness {
                away: false,
                room: false,
                pages: false,
                beat: false,
            },
            commit_max: 0,
            disk: false,
            latencies: Vec::new(),
            chop: Chop {
                permille: 0,
                bytes_max: 1,
                pause_max: 0,
            },
            users: Vec::new(),
            steps: Vec::new(),
            chaos: Duration::ZERO,
        }
    }

    fn read_line(&mut self, words: &mut Words<'_>, healed: &mut bool) -> Result<(), Expected> {
        match words
            .next("a line of a plan, such as `seed 1`, `user 0 ann …` or `100 user 0 begin`")?
        {
            "seed" => self.seed = words.value("a number")?,
            "tick" => self.tick = Duration::from_millis(words.within(1, TICK_MAX)?),
            "random-order" => self.random_order = words.value("true or false")?,
            "segments-max" => self.segments_max = words.within(1, 1 << 20)? as usize,
            "chop" => {
                self.chop = Chop {
                    permille: words.at_most("permille", 1_000)?,
                    bytes_max: words.field::<u64>("bytes-max")?.max(1),
                    pause_max: words.span("pause-max")?,
                }
            }
            "tight" => {
                self.tightness = Tightness {
                    away: words.field("away")?,
                    room: words.field("room")?,
                    pages: words.field("pages")?,
                    beat: words.field("beat")?,
                }
            }
            "commit-max" => self.commit_max = words.within(0, 5_000)?,
            "disk" => self.disk = words.value("true or false")?,
            "host" => {
                words.exactly(self.latencies.len(), "host")?;
                let latency = Duration::from_millis(words.at_most("latency", LATENCY_MAX)?);
                self.latencies.push(latency);
            }
            "user" => {
                words.exactly(self.users.len(), "user")?;
                let user = self.read_user(words)?;
                self.users.push(user);
            }
            time => {
                let at = time.parse().ok().filter(|at| *at <= RUN_MAX);
                let at = at.ok_or_else(|| {
                    format!("seed, tick, random-order, segments-max, chop, tight, commit-max, disk, host, user, or a time of up to {RUN_MAX} ms")
                })?;
                self.read_step(at, words, healed)?;
            }
        }
        words.end()
    }

    fn read_user(&self, words: &mut Words<'_>) -> Result<UserPlan, Expected> {
        let name = words.next("a name")?;
        Name::parse(name.as_bytes()).map_err(|_| "a name of letters and digits, not ALL")?;
        let host: usize = words.field("host")?;
        if host >= self.latencies.len() {
            return Err(format!(
                "one of the {} hosts that stand above",
                self.latencies.len()
            ));
        }
        let part = match words.next("session or classic")? {
            "session" => read_session(words)?,
            "classic" => Part::Classic {
                reads_once: words.field("reads-once")?,
                think_max: words.span("think-max")?,
                ahead_max: words.field::<u64>("ahead")?.max(1),
            },
            _ => return Err("session or classic".into()),
        };
        let name = name.into();
        Ok(UserPlan { name, host, part })
    }

    fn read_step(
        &mut self,
        at: u64,
        words: &mut Words<'_>,
        healed: &mut bool,
    ) -> Result<(), Expected> {
        let deed = match words.next("user, heal, or a fault")? {
            "heal" => {
                *healed = true;
                self.chaos = Duration::from_millis(at);
                return Ok(());
            }
            "user" => {
                let who = self.read_who(words)?;
                Deed::Do(who, self.read_act(words)?)
            }
            fault if fault.starts_with("disk-") && !self.disk => {
                return Err("`disk true` above it: this server has no disk".into());
            }
            fault => Deed::Befall(self.read_fault(fault, words)?),
        };
        self.steps.push(Step { at, deed });
        Ok(())
    }

    fn read_who(&self, words: &mut Words<'_>) -> Result<usize, Expected> {
        words.below(self.users.len(), "user")
    }

    fn read_act(&self, words: &mut Words<'_>) -> Result<Act, Expected> {
        Ok(match words.next("an act")? {
            "begin" => Act::Begin,
            "say" => Act::Say {
                to: self.read_to(words.text("to")?)?,
                lines: words.at_most("lines", LINES_MAX)?,
                bytes: words.at_most("bytes", BYTES_MAX)?,
                age: words.field("age")?,
            },
            "withdraw" => Act::Withdraw,
            "who" => Act::Who,
            "history" => Act::History {
                with: self.read_to(words.text("with")?)?,
                count: words.field("count")?,
            },
            "crash" => Act::Crash {
                dark: words.span("dark")?,
            },
            "leave" => Act::Leave {
                forget: words.field("forget")?,
            },
            "return" => Act::Return,
            "pause" => Act::Pause(words.within(0, RUN_MAX)?),
            "deaf" => Act::Deaf(words.within(0, RUN_MAX)?),
            "cut" => Act::Cut {
                far: words.field("far")?,
            },
            "dark" => Act::Dark(words.within(0, RUN_MAX)?),
            "usurp" => Act::Usurp(words.within(0, RUN_MAX)?),
            _ => {
                return Err(
                    "begin, say, withdraw, who, history, crash, leave, return, pause, deaf, cut, dark or usurp".into(),
                );
            }
        })
    }

    fn read_to(&self, word: &str) -> Result<To, Expected> {
        match word {
            "all" => Ok(To::All),
            "nobody" => Ok(To::Nobody),
            number => match number.parse() {
                Ok(who) if who < self.users.len() => Ok(To::User(who)),
                _ => Err("to= a user's number, all or nobody".into()),
            },
        }
    }

    fn read_fault(&self, fault: &str, words: &mut Words<'_>) -> Result<Fault, Expected> {
        Ok(match fault {
            "partition" => Fault::Partition {
                host: self.read_host(words)?,
                span: words.span("span")?,
            },
            "one-way" => Fault::OneWay {
                host: self.read_host(words)?,
                to_server: words.field("to-server")?,
                span: words.span("span")?,
            },
            "hold" => Fault::Hold {
                host: self.read_host(words)?,
                span: words.span("span")?,
            },
            "latency" => Fault::Latency {
                host: self.read_host(words)?,
                each: words.at_most("each", LATENCY_MAX)?,
            },
            "server-crash" => Fault::ServerCrash {
                power: words.field("power")?,
                span: words.span("span")?,
            },
            "server-stop" => Fault::ServerStop {
                span: words.span("span")?,
            },
            "clock" => Fault::Clock {
                jump: words.field("jump")?,
            },
            fault => return read_disk_fault(fault, words),
        })
    }

    fn read_host(&self, words: &mut Words<'_>) -> Result<usize, Expected> {
        let host: usize = words.field("host")?;
        match host < self.latencies.len() {
            true => Ok(host),
            false => Err(format!("a host below {}", self.latencies.len())),
        }
    }

    /// A run ends when all is healed and done: what would happen later does not happen.
    fn nothing_later(&self, text: &str) -> Result<(), Mistake> {
        let heals = self.chaos.as_millis();
        let is_later = |words: &str| {
            let at = words
                .split_whitespace()
                .next()
                .and_then(|word| word.parse().ok());
            at.is_some_and(|at: u128| at > heals)
        };
        match lines(text).find(|(_, words)| is_later(words)) {
            None => Ok(()),
            Some((line, found)) => Err(Mistake {
                line,
                found: found.into(),
                expected: format!("a time up to {heals}, when everything heals"),
            }),
        }
    }

    fn end(mut self, healed: bool) -> Result<Plan, Expected> {
        if !healed {
            return Err("a line that tells when everything heals, such as `8000 heal`".into());
        }
        if self.users.is_empty() {
            return Err("at least one host and one user".into());
        }
        self.steps.sort_by_key(|step| step.at);
        Ok(self)
    }
}

fn read_disk_fault(fault: &str, words: &mut Words<'_>) -> Result<Fault, Expected> {
    Ok(match fault {
        "disk-full" => Fault::DiskFull {
            room: words.field("room")?,
            unseen: words.field("unseen")?,
            span: words.span("span")?,
        },
        "disk-cut" => Fault::DiskCut {
            after: words.field("after")?,
            again: words.field("again")?,
            span: words.span("span")?,
        },
        "disk-error" => Fault::DiskError {
            after: words.field("after")?,
            span: words.span("span")?,
        },
        _ => {
            return Err(
                "user, heal, partition, one-way, hold, latency, server-crash, server-stop, clock, disk-full, disk-cut \
                 or disk-error"
                    .into(),
            );
        }
    })
}

fn read_session(words: &mut Words<'_>) -> Result<Part, Expected> {
    let keeping = match words.text("keeps")? {
        "nothing" => Keeping::Nothing,
        "counters" => Keeping::Counters,
        "messages" => Keeping::Messages,
        _ => return Err("keeps=nothing, keeps=counters or keeps=messages".into()),
    };
    let window = words.text("window")?.split_once(',');
    let window = window.and_then(|(deliveries, bytes)| {
        let deliveries = deliveries.parse().ok()?;
        Some((deliveries, bytes.parse().ok()?))
    });
    let (deliveries, bytes) = window.ok_or("window=DELIVERIES,BYTES")?;
    Ok(Part::Device {
        keeping,
        deliveries,
        bytes,
        waits_for_name: words.field("waits")?,
        write_max: words.span("write-max")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plan_prints_reads_back() {
        for seed in 0..300 {
            let plan = Plan::draw(seed);
            assert_eq!(plan.to_string().parse::<Plan>(), Ok(plan), "seed {seed}");
        }
    }

    #[test]
    fn a_mistake_has_its_line_and_what_was_expected() {
        let good = "seed 1\nhost 0 latency=5\nuser 0 ann host=0 classic reads-once=true think-max=0 ahead=1\n";
        let cases = [
            ("40 user 0 begin\n90 heal\n", None),
            (
                "40 user 1 begin\n90 heal\n",
                Some((4, "the number of one of the 1 users")),
            ),
            (
                "# a word\n40 user 0 dance\n",
                Some((5, "begin, say, withdraw")),
            ),
            ("user 1 all host=0 session\n", Some((4, "not ALL"))),
            (
                "user 1 bob host=3 session\n",
                Some((4, "one of the 1 hosts")),
            ),
            ("40 hold host=0 span=soon\n", Some((4, "span="))),
            ("40 user 0 begin now\n", Some((4, "nothing after it"))),
            ("40 user 0 begin\n", Some((4, "everything heals"))),
            ("forty user 0 begin\n", Some((4, "a time of up to"))),
            (
                "user 0 begin\n90 heal\n",
                Some((4, "has its time before it")),
            ),
            ("95 user 0 begin\n90 heal\n", Some((4, "a time up to 90"))),
            ("90 heal\n95 heal\n", Some((5, "no second line with heal"))),
            ("tick 0\n90 heal\n", Some((4, "from 1 to 20"))),
            (
                "1 user 0 say to=all lines=1001 bytes=1 age=0\n",
                Some((4, "lines= and a number up to 1000")),
            ),
            (
                "1 disk-full room=1 unseen=true span=1\n",
                Some((4, "disk true")),
            ),
        ];
        for (rest, mistake) in cases {
            let found = format!("{good}{rest}").parse::<Plan>().err();
            let found = found.map(|mistake| (mistake.line, mistake.expected));
            match (mistake, found) {
                (None, None) => {}
                (Some((line, words)), Some((found, expected))) => {
                    assert_eq!(line, found, "{rest}");
                    assert!(expected.contains(words), "{rest}: {expected}");
                }
                (wanted, found) => panic!("{rest}: {wanted:?} and not {found:?}"),
            }
        }
    }
}
