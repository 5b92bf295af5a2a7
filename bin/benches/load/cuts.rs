//! Links that are cut at random while everybody writes at full speed: the client that ships comes back each time, and
//! the audit looks whether anything was lost, doubled or reordered from end to end.

use super::audit::Findings;
use super::client::{Client, Part};
use super::clock::Clock;
use super::cutter::{Cut, Cutter};
use super::latency::Latency;
use super::local::run_local;
use super::report::{Outcome, named};
use super::subject::Target;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::io;
use std::time::{Duration, Instant};
use tokio::time::{interval, sleep};

/// How often is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(10);

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Users, each of whom writes to the three after it.
    pub users: usize,
    /// Lines that each of them leaves without an answer.
    pub in_flight: usize,
    /// Length of a body in bytes.
    pub bytes: usize,
    /// Time between two cuts, in seconds.
    pub every: f64,
    /// How long everybody may get going, before the first cut.
    pub warm_up: f64,
    /// How long links are cut.
    pub seconds: f64,
    /// How long what is under way may take to arrive once nothing new is written, in seconds.
    pub settling: f64,
    /// Which links are cut, and how.
    pub seed: u64,
}

impl Plan {
    /// What it was asked to do, by name.
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("users", self.users as f64),
            ("in_flight", self.in_flight as f64),
            ("bytes", self.bytes as f64),
            ("cut_every_seconds", self.every),
            ("seconds", self.seconds),
            ("seed", self.seed as f64),
        ]
    }

    /// Plays one round.
    ///
    /// # Errors
    /// What the system says.
    pub fn play(&self, target: Target) -> io::Result<Outcome> {
        run_local(async {
            let mut game = Game::open(self, target).await?;
            game.until(self.settling, Game::all_online).await;
            game.write(true);
            sleep(Duration::from_secs_f64(self.warm_up)).await;
            let (begun, before) = (Instant::now(), game.accepted());
            game.cut_links(self).await;
            let (accepted, took) = (game.accepted() - before, begun.elapsed());
            game.write(false);
            game.until(self.settling, Game::is_settled).await;
            Ok(game.outcome(accepted, took))
        })
    }
}

struct Game {
    links: Vec<Cutter>,
    clients: Vec<Client>,
    cuts: u64,
    half_open: u64,
}

impl Game {
    async fn open(plan: &Plan, target: Target) -> io::Result<Game> {
        let clock = Clock::start();
        let (mut links, mut clients) = (Vec::new(), Vec::new());
        for index in 0..plan.users {
            let link = Cutter::open(target.address).await?;
            clients.push(Client::start(Part {
                index,
                users: plan.users,
                in_flight: plan.in_flight as u64,
                bytes: plan.bytes,
                server: link.address,
                clock,
            }));
            links.push(link);
        }
        Ok(Game {
            links,
            clients,
            cuts: 0,
            half_open: 0,
        })
    }

    fn write(&self, writing: bool) {
        self.clients.iter().for_each(|it| it.write(writing));
    }

    async fn cut_links(&mut self, plan: &Plan) {
        let mut random = SmallRng::seed_from_u64(plan.seed);
        let mut due = interval(Duration::from_secs_f64(plan.every));
        due.tick().await; // the first one is at once
        for _ in 0..(plan.seconds / plan.every) as u64 {
            due.tick().await;
            let at = random.random_range(0..self.links.len());
            let how = Cut::draw(&mut random);
            if self.links[at].cut(how) {
                self.clients[at].on_cut();
                self.cuts += 1;
                self.half_open += u64::from(how == Cut::HalfOpen);
            }
        }
    }

    /// Lets time pass until that is so, or for so many seconds.
    async fn until(&self, seconds: f64, so: impl Fn(&Game) -> bool) {
        let begun = Instant::now();
        while !so(self) && begun.elapsed() < Duration::from_secs_f64(seconds) {
            sleep(LOOK).await;
        }
    }

    fn all_online(&self) -> bool {
        self.clients.iter().all(|it| it.book().online)
    }

    fn accepted(&self) -> u64 {
        self.clients.iter().map(|it| it.book().accepted()).sum()
    }

    fn is_settled(&self) -> bool {
        self.clients.iter().all(|it| it.book().is_settled()) && self.lost() == 0
    }

    fn lost(&self) -> u64 {
        let of = |reader: &Client, writer: &Client| reader.book().lost_of(&writer.book());
        let pairs = self
            .clients
            .iter()
            .flat_map(|reader| self.clients.iter().map(move |writer| of(reader, writer)));
        pairs.sum()
    }

    fn outcome(&self, accepted: u64, took: Duration) -> Outcome {
        let (mut absence, mut waiting) = (Latency::default(), Latency::default());
        for (nanos, waited) in self.clients.iter().flat_map(Client::take_absences) {
            absence.record(nanos);
            waiting.record(waited.as_nanos() as u64);
        }
        let refused = self.clients.iter().map(|it| it.book().refused());
        let mut figures = named([
            ("accepted", accepted as f64),
            ("accepted_per_second", accepted as f64 / took.as_secs_f64()),
            ("refused_by_full_readers", refused.sum::<u64>() as f64),
            ("cuts", self.cuts as f64),
            ("cuts_half_open", self.half_open as f64),
            ("backed_off_p50_ms", waiting.quantile_micros(0.5) / 1e3),
        ]);
        for (name, part) in [("p50", 0.5), ("p95", 0.95), ("max", 1.0)] {
            let millis = absence.quantile_micros(part) / 1e3;
            figures.push((format!("cut_to_resumed_{name}_ms"), millis));
        }
        Outcome {
            figures,
            findings: self.findings(),
            faults: self.faults(),
        }
    }

    fn findings(&self) -> Findings {
        let mut all = Findings {
            lost: self.lost(),
            ..Findings::default()
        };
        for client in &self.clients {
            all.add(&client.book().findings());
            all.faults += client.book().lost; // no session was ever lost here
        }
        all
    }

    fn faults(&self) -> Vec<String> {
        let told = |client: &Client| client.book().faults().collect::<Vec<_>>();
        self.clients.iter().flat_map(told).collect()
    }
}
