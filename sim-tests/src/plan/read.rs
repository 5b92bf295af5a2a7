//! Reads a plan from the text that it prints as. What a person got wrong is told with its line and what was expected.

use super::{Act, Chop, Deed, Fault, Keeping, Part, Plan, Step, Tightness, To, UserPlan};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use verbatim_core::name::Name;

/// What is wrong in a plan's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// In which line, from 1.
    pub line: usize,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake {
            line,
            found,
            expected,
        } = self;
        write!(f, "line {line}: found {found:?}; expected {expected}")
    }
}

impl std::error::Error for Mistake {}

/// What a line should be, told to who wrote it otherwise.
type Expected = String;

impl FromStr for Plan {
    type Err = Mistake;

    /// Reads what `Display` prints. Empty lines and lines that begin with `#` are passed over; steps may stand in any
    /// order.
    fn from_str(text: &str) -> Result<Plan, Mistake> {
        let mut plan = Plan::empty(0);
        let mut healed = false;
        for (at, line) in text.lines().enumerate() {
            let words = line.trim();
            if words.is_empty() || words.starts_with('#') {
                continue;
            }
            let read = plan.read_line(&mut Words::new(words), &mut healed);
            read.map_err(|expected| Mistake {
                line: at + 1,
                found: words.into(),
                expected,
            })?;
        }
        plan.end(healed).map_err(|expected| Mistake {
            line: text.lines().count().max(1),
            found: "the end".into(),
            expected,
        })
    }
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
            "tick" => self.tick = Duration::from_millis(words.within(1, 1_000)?),
            "random-order" => self.random_order = words.value("true or false")?,
            "segments-max" => self.segments_max = words.value("a number of segments")?,
            "chop" => {
                self.chop = Chop {
                    permille: words.field("permille")?,
                    bytes_max: words.field::<u64>("bytes-max")?.max(1),
                    pause_max: words.field("pause-max")?,
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
                let latency = Duration::from_millis(words.field("latency")?);
                self.latencies.push(latency);
            }
            "user" => {
                words.exactly(self.users.len(), "user")?;
                let user = self.read_user(words)?;
                self.users.push(user);
            }
            time => {
                let at = time.parse().map_err(|_| {
                    "seed, tick, random-order, segments-max, chop, tight, commit-max, disk, host, user, or a time in milliseconds"
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
                think_max: words.field("think-max")?,
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
                lines: words.field("lines")?,
                bytes: words.field("bytes")?,
                age: words.field("age")?,
            },
            "withdraw" => Act::Withdraw,
            "who" => Act::Who,
            "history" => Act::History {
                with: self.read_to(words.text("with")?)?,
                count: words.field("count")?,
            },
            "crash" => Act::Crash {
                dark: words.field("dark")?,
            },
            "leave" => Act::Leave {
                forget: words.field("forget")?,
            },
            "return" => Act::Return,
            "pause" => Act::Pause(words.value("milliseconds")?),
            "deaf" => Act::Deaf(words.value("milliseconds")?),
            "cut" => Act::Cut {
                far: words.field("far")?,
            },
            "dark" => Act::Dark(words.value("milliseconds")?),
            "usurp" => Act::Usurp(words.value("milliseconds")?),
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
                span: words.field("span")?,
            },
            "one-way" => Fault::OneWay {
                host: self.read_host(words)?,
                to_server: words.field("to-server")?,
                span: words.field("span")?,
            },
            "hold" => Fault::Hold {
                host: self.read_host(words)?,
                span: words.field("span")?,
            },
            "latency" => Fault::Latency {
                host: self.read_host(words)?,
                each: words.field("each")?,
            },
            "server-crash" => Fault::ServerCrash {
                power: words.field("power")?,
                span: words.field("span")?,
            },
            "server-stop" => Fault::ServerStop {
                span: words.field("span")?,
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
            span: words.field("span")?,
        },
        "disk-cut" => Fault::DiskCut {
            after: words.field("after")?,
            again: words.field("again")?,
            span: words.field("span")?,
        },
        "disk-error" => Fault::DiskError {
            after: words.field("after")?,
            span: words.field("span")?,
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
        write_max: words.field("write-max")?,
    })
}

/// The words of a line, one after the other.
struct Words<'a>(std::str::SplitWhitespace<'a>);

impl<'a> Words<'a> {
    fn new(line: &'a str) -> Words<'a> {
        Words(line.split_whitespace())
    }

    fn next(&mut self, expected: &str) -> Result<&'a str, Expected> {
        self.0.next().ok_or_else(|| expected.into())
    }

    fn value<T: FromStr>(&mut self, expected: &str) -> Result<T, Expected> {
        let word = self.next(expected)?;
        word.parse().map_err(|_| expected.into())
    }

    fn within(&mut self, first: u64, last: u64) -> Result<u64, Expected> {
        let expected = format!("a number from {first} to {last}");
        let number = self.value(&expected)?;
        match (first..=last).contains(&number) {
            true => Ok(number),
            false => Err(expected),
        }
    }

    fn below(&mut self, end: usize, what: &str) -> Result<usize, Expected> {
        let expected = format!("the number of one of the {end} {what}s that stand above");
        let number = self.value(&expected)?;
        match number < end {
            true => Ok(number),
            false => Err(expected),
        }
    }

    /// The next one of a list that is numbered from 0.
    fn exactly(&mut self, number: usize, what: &str) -> Result<(), Expected> {
        let expected = format!("{what} {number}, as they are numbered from 0");
        match self.value::<usize>(&expected)? == number {
            true => Ok(()),
            false => Err(expected),
        }
    }

    fn text(&mut self, name: &str) -> Result<&'a str, Expected> {
        let expected = || format!("{name}= and its value");
        let word = self.0.next().ok_or_else(expected)?;
        let value = word
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='));
        value.ok_or_else(expected)
    }

    fn field<T: FromStr>(&mut self, name: &str) -> Result<T, Expected> {
        let expected =
            format!("{name}= and its value, a number or true or false as `plan` prints it");
        self.text(name)?.parse().map_err(|_| expected)
    }

    fn end(&mut self) -> Result<(), Expected> {
        match self.0.next() {
            None => Ok(()),
            Some(word) => Err(format!("nothing after it, not {word:?}")),
        }
    }
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
            ("forty user 0 begin\n", Some((4, "a time in milliseconds"))),
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
