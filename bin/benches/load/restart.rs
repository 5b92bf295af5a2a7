//! Idle users with the client that ships: what their heartbeats cost the server; then the server is killed, and comes
//! back: how long until the last of them is in a session again. At the level `memory` that session is a new one, on
//! disk it goes on.

use super::audit::Findings;
use super::client::{Client, Part};
use super::clock::Clock;
use super::latency::Latency;
use super::local::run_local;
use super::report::{Outcome, named};
use super::subject::{Subject, Target};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(20);

/// Users that join at once.
const JOINING: usize = 100;

/// Ports below those that the system gives to whoever connects: a client that tries again and again to reach a port
/// where nobody listens may be given that very port, and then finds itself.
const PORTS: std::ops::Range<u16> = 21_000..31_000;

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Users who do nothing.
    pub users: usize,
    /// How long they do nothing, in seconds.
    pub seconds: f64,
    /// How long the server stays away, in seconds.
    pub away: f64,
    /// How long they may take to come back, in seconds.
    pub settling: f64,
    /// Whether what was accepted outlives the server, and so do the sessions.
    pub stays: bool,
}

impl Plan {
    /// What it was asked to do, by name.
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("users", self.users as f64),
            ("seconds", self.seconds),
            ("server_away_seconds", self.away),
        ]
    }

    /// Plays one round with a server of its own, started with these arguments and `--listen`.
    ///
    /// # Errors
    /// What the system says, or that the users did not all join.
    pub fn play(&self, program: &Path, arguments: &[String]) -> io::Result<Outcome> {
        run_local(async {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
            let mut arguments = arguments.to_owned();
            arguments.extend(["--listen".to_owned(), address.to_string()]);
            let server = Subject::start(program, &arguments)?;
            let crowd = Crowd::join(self, server.target()).await?;
            let (idle, kib) = (
                self.idle(server.target()).await?,
                server.target().resident_kib()?,
            );
            server.kill()?;
            crowd.clients.iter().for_each(Client::on_cut);
            sleep(Duration::from_secs_f64(self.away)).await;
            let server = Subject::start(program, &arguments)?;
            let back = crowd.back(self.settling).await;
            let share = share(server.target(), 0, back)?;
            let mut outcome = crowd.outcome(back, u64::from(!self.stays));
            outcome.figures.extend(named([
                ("idle_cpu_share", idle),
                ("resident_kib", kib as f64),
                ("return_cpu_share", share),
            ]));
            server.stop()?;
            Ok(outcome)
        })
    }

    /// Lets everybody do nothing; gives the server's part of a core.
    async fn idle(&self, target: Target) -> io::Result<f64> {
        sleep(Duration::from_secs(1)).await;
        let (begun, before) = (Instant::now(), target.cpu_nanos()?);
        sleep(Duration::from_secs_f64(self.seconds)).await;
        share(target, before, begun.elapsed())
    }
}

fn share(target: Target, before: u64, time: Duration) -> io::Result<f64> {
    let cpu = target.cpu_nanos()?.saturating_sub(before);
    Ok(cpu as f64 / time.as_nanos() as f64)
}

fn free_port() -> io::Result<u16> {
    let from = PORTS.start + (std::process::id() % u32::from(PORTS.end - PORTS.start)) as u16;
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let found = (from..PORTS.end).chain(PORTS).find(free);
    found.ok_or_else(|| io::Error::other("no port is free"))
}

struct Crowd {
    clients: Vec<Client>,
}

impl Crowd {
    async fn join(plan: &Plan, target: Target) -> io::Result<Crowd> {
        let clock = Clock::start();
        let mut crowd = Crowd {
            clients: Vec::new(),
        };
        for index in 0..plan.users {
            crowd.clients.push(Client::start(Part {
                index,
                users: plan.users,
                in_flight: 0,
                bytes: 0,
                server: target.address,
                clock,
            }));
            if (index + 1) % JOINING == 0 || index + 1 == plan.users {
                crowd.back(plan.settling).await;
            }
        }
        match crowd.online() {
            all if all == plan.users => Ok(crowd),
            some => Err(io::Error::other(format!("only {some} users joined"))),
        }
    }

    /// Waits until everybody is online, or for so many seconds; gives how long that took.
    async fn back(&self, seconds: f64) -> Duration {
        let begun = Instant::now();
        while self.online() < self.clients.len()
            && begun.elapsed() < Duration::from_secs_f64(seconds)
        {
            sleep(LOOK).await;
        }
        begun.elapsed()
    }

    fn online(&self) -> usize {
        self.clients.iter().filter(|it| it.book().online).count()
    }

    fn outcome(&self, back: Duration, lost: u64) -> Outcome {
        let mut absence = Latency::default();
        for (nanos, _) in self.clients.iter().flat_map(Client::take_absences) {
            absence.record(nanos);
        }
        let mut findings = Findings::default();
        for client in &self.clients {
            findings.add(&client.book().findings());
        }
        // Whoever did not come back, and whoever was not told that its session is lost, where it is.
        findings.lost += (self.clients.len() - self.online()) as u64;
        let told = self
            .clients
            .iter()
            .filter(|it| it.book().lost == lost)
            .count();
        findings.unanswered += (self.clients.len() - told) as u64;
        Outcome {
            figures: named([
                ("all_back_seconds", back.as_secs_f64()),
                ("killed_to_back_p50_ms", absence.quantile_micros(0.5) / 1e3),
                ("killed_to_back_p95_ms", absence.quantile_micros(0.95) / 1e3),
                ("killed_to_back_max_ms", absence.quantile_micros(1.0) / 1e3),
            ]),
            findings,
            faults: self.clients.iter().flat_map(first_faults).take(5).collect(),
        }
    }
}

fn first_faults(client: &Client) -> Vec<String> {
    client.book().faults().collect()
}
