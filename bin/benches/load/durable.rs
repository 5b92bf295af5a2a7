//! What it costs to be durable: the rate with many messages in flight beside a bare loop that appends and syncs such
//! records on the same disk, and the time of one message alone beside a sync.

use super::contest::Scenario;
use super::home::Home;
use super::latency::Latency;
use super::pairs;
use super::report::{Outcome, named};
use super::session::Session;
use super::subject::Subject;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Records that the bare loop appends before each sync.
const BATCH: usize = 256;
/// What a stored record has beside its body, in bytes: names, numbers, hashes.
const HEAD_BYTES: usize = 64;

/// How much of what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Writers with 64 messages in flight each; four of them are 256 in flight.
    pub many: pairs::Plan,
    /// The directory in which files are made.
    pub below: PathBuf,
}

impl Plan {
    /// What it was asked to do, by name.
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("in_flight", (self.many.pairs * self.many.in_flight) as f64),
            ("bytes", self.many.bytes as f64),
            ("seconds", self.many.seconds),
        ]
    }

    /// Plays one round: the bare loop before and after the server, since the disk drifts.
    ///
    /// # Errors
    /// What the system says, or that the server did not take the users.
    pub fn play(&self, program: &Path, further: &[String]) -> io::Result<Outcome> {
        let record = HEAD_BYTES + self.many.bytes;
        let half = Duration::from_secs_f64(self.many.seconds / 2.0);
        let bare = || bare(&self.below, BATCH * record, half);
        let alone = |before: &Bare| -> io::Result<Bare> {
            Ok(before.and(&sync_alone(&self.below, record, half)?))
        };
        let (first, first_alone) = (bare()?, alone(&Bare::default())?);
        let many = self.server(program, further, &self.many)?;
        let second = first.and(&bare()?);
        let one_plan = pairs::Plan {
            pairs: 1,
            in_flight: 1,
            ..self.many
        };
        let one = self.server(program, further, &one_plan)?;
        let syncs = alone(&first_alone)?;
        let bare_rate = second.syncs as f64 * BATCH as f64 / second.seconds;
        let rate = figure(&many, "answered_per_second");
        let (one_us, sync_us) = (figure(&one, "accepted_p50_us"), syncs.median_us());
        let mut outcome = Outcome {
            figures: named([
                ("fdatasync_p50_us", sync_us),
                ("fdatasync_of_256_p50_us", second.median_us()),
                ("bare_records_per_second", bare_rate),
                ("answered_per_second", rate),
                ("rate_of_bare", rate / bare_rate),
                ("accepted_p50_us", figure(&many, "accepted_p50_us")),
                ("accepted_p99_us", figure(&many, "accepted_p99_us")),
                ("cpu_share", figure(&many, "cpu_share")),
                ("load_cpu_share", figure(&many, "load_cpu_share")),
                ("alone_accepted_p50_us", one_us),
                ("alone_of_fdatasync", one_us / sync_us),
            ]),
            findings: many.findings,
            faults: many.faults,
        };
        outcome.findings.add(&one.findings);
        outcome.faults.extend(one.faults);
        Ok(outcome)
    }

    fn server(
        &self,
        program: &Path,
        further: &[String],
        plan: &pairs::Plan,
    ) -> io::Result<Outcome> {
        let home = Home::on_disk(&self.below)?;
        let mut arguments = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
        arguments.extend(home.arguments());
        arguments.extend_from_slice(further);
        let server = Subject::start(program, &arguments)?;
        let outcome = plan.play(&Session::default(), server.target())?;
        server.stop()?;
        Ok(outcome)
    }
}

fn figure(outcome: &Outcome, name: &str) -> f64 {
    let found = outcome.figures.iter().find(|(figure, _)| figure == name);
    found.map_or(f64::NAN, |(_, value)| *value)
}

/// What a loop that only appends and syncs came to.
#[derive(Clone, Debug, Default)]
struct Bare {
    times: Latency,
    syncs: u64,
    seconds: f64,
}

impl Bare {
    fn and(&self, other: &Bare) -> Bare {
        let mut times = self.times.clone();
        times.add(&other.times);
        Bare {
            times,
            syncs: self.syncs + other.syncs,
            seconds: self.seconds + other.seconds,
        }
    }

    fn median_us(&self) -> f64 {
        self.times.quantile_micros(0.5)
    }
}

/// Appends so many bytes and syncs, again and again.
fn bare(below: &Path, bytes: usize, time: Duration) -> io::Result<Bare> {
    let home = Home::on_disk(below)?;
    let folder = home.folder().expect("it is on disk");
    let mut file = File::create(folder.join("bare"))?;
    let (batch, mut bare) = (vec![b'x'; bytes], Bare::default());
    let begun = Instant::now();
    while begun.elapsed() < time {
        file.write_all(&batch)?;
        let synced = Instant::now();
        file.sync_data()?;
        bare.times.record(synced.elapsed().as_nanos() as u64);
        bare.syncs += 1;
    }
    bare.seconds = begun.elapsed().as_secs_f64();
    Ok(bare)
}

/// The same with one record: what a sync takes.
fn sync_alone(below: &Path, record: usize, time: Duration) -> io::Result<Bare> {
    bare(below, record, time)
}
