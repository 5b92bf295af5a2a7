//! A plan as text, a line for each thing, in an order and in words that stay.

use super::{Act, Deed, Fault, Keeping, Part, Plan, Step, To, UserPlan};
use std::fmt;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tight = self.tightness;
        writeln!(f, "seed {}", self.seed)?;
        writeln!(f, "tick {}", self.tick.as_millis())?;
        writeln!(f, "random-order {}", self.random_order)?;
        writeln!(f, "segments-max {}", self.segments_max)?;
        let chop = self.chop;
        writeln!(
            f,
            "chop permille={} bytes-max={} pause-max={}",
            chop.permille, chop.bytes_max, chop.pause_max
        )?;
        writeln!(
            f,
            "tight away={} room={} pages={} beat={}",
            tight.away, tight.room, tight.pages, tight.beat
        )?;
        writeln!(f, "commit-max {}", self.commit_max)?;
        writeln!(f, "disk {}", self.disk)?;
        for (host, latency) in self.latencies.iter().enumerate() {
            writeln!(f, "host {host} latency={}", latency.as_millis())?;
        }
        for (who, user) in self.users.iter().enumerate() {
            writeln!(f, "user {who} {user}")?;
        }
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        writeln!(f, "{} heal", self.chaos.as_millis())
    }
}

impl fmt::Display for UserPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} host={} ", self.name, self.host)?;
        match self.part {
            Part::Device {
                keeping,
                deliveries,
                bytes,
                waits_for_name,
                write_max,
            } => write!(
                f,
                "session keeps={keeping} window={deliveries},{bytes} waits={waits_for_name} write-max={write_max}"
            ),
            Part::Classic {
                reads_once,
                think_max,
                ahead_max,
            } => write!(
                f,
                "classic reads-once={reads_once} think-max={think_max} ahead={ahead_max}"
            ),
        }
    }
}

impl fmt::Display for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Keeping::Nothing => "nothing",
            Keeping::Counters => "counters",
            Keeping::Messages => "messages",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.deed {
            Deed::Do(who, act) => write!(f, "{} user {who} {act}", self.at),
            Deed::Befall(fault) => write!(f, "{} {fault}", self.at),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Begin => f.write_str("begin"),
            Act::Say {
                to,
                lines,
                bytes,
                age,
            } => write!(f, "say to={to} lines={lines} bytes={bytes} age={age}"),
            Act::Withdraw => f.write_str("withdraw"),
            Act::Who => f.write_str("who"),
            Act::History { with, count } => write!(f, "history with={with} count={count}"),
            Act::Crash { dark } => write!(f, "crash dark={dark}"),
            Act::Leave { forget } => write!(f, "leave forget={forget}"),
            Act::Return => f.write_str("return"),
            Act::Pause(span) => write!(f, "pause {span}"),
            Act::Deaf(span) => write!(f, "deaf {span}"),
            Act::Cut { far } => write!(f, "cut far={far}"),
            Act::Dark(span) => write!(f, "dark {span}"),
            Act::Usurp(span) => write!(f, "usurp {span}"),
        }
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            To::User(who) => write!(f, "{who}"),
            To::All => f.write_str("all"),
            To::Nobody => f.write_str("nobody"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Partition { host, span } => write!(f, "partition host={host} span={span}"),
            Fault::OneWay {
                host,
                to_server,
                span,
            } => write!(f, "one-way host={host} to-server={to_server} span={span}"),
            Fault::Hold { host, span } => write!(f, "hold host={host} span={span}"),
            Fault::Latency { host, each } => write!(f, "latency host={host} each={each}"),
            Fault::ServerCrash { power, span } => {
                write!(f, "server-crash power={power} span={span}")
            }
            Fault::ServerStop { span } => write!(f, "server-stop span={span}"),
            Fault::Clock { jump } => write!(f, "clock jump={jump}"),
            Fault::DiskFull { room, unseen, span } => {
                write!(f, "disk-full room={room} unseen={unseen} span={span}")
            }
            Fault::DiskCut { after, again, span } => {
                write!(f, "disk-cut after={after} again={again} span={span}")
            }
            Fault::DiskError { after, span } => write!(f, "disk-error after={after} span={span}"),
        }
    }
}
