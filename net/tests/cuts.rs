//! Real clients, the real server, and between them a link that is cut again and again: nothing is lost, nothing
//! comes twice, order is kept, and every receipt arrives in the end.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};
use verbatim_core::classic::AckVerb;
use verbatim_core::client::{Config, LineId, LineState, Message, Notice, Output};
use verbatim_core::id::{DeviceId, Epoch, Seq, StoreId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;
use verbatim_core::router;
use verbatim_core::wire::Durability;
use verbatim_net::engine::{Engine, Memory};
use verbatim_net::{Host, Life, Log, Request, Server, ServerConfig, Tcp, Transport, run_client};

const USERS: u64 = 6;
const LINES: u64 = 120;
const CHAOS: Duration = Duration::from_secs(3);

/// What one user heard and was told.
#[derive(Default)]
struct Ledger {
    heard: Vec<String>,
    states: BTreeMap<LineId, LineState>,
    resumes: usize,
    complaints: Vec<Notice>,
}

struct User {
    requests: UnboundedSender<Request>,
    ledger: Rc<RefCell<Ledger>>,
}

impl Host for User {
    fn keep(&mut self, _outputs: &[Output]) -> io::Result<Option<Seq>> {
        Ok(None)
    }

    fn deliver(&mut self, message: Message) {
        let line = format!("{} {} {}", message.from, message.to, message.body);
        self.ledger.borrow_mut().heard.push(line);
        drop(self.requests.send(Request::Kept(message.seq)));
    }

    fn show(&mut self, notice: Notice) {
        let mut ledger = self.ledger.borrow_mut();
        match notice {
            Notice::Line { line, state } => drop(ledger.states.insert(line, state)),
            Notice::Online { resumed, .. } => ledger.resumes += usize::from(resumed),
            Notice::Offline { .. } => {}
            other => ledger.complaints.push(other),
        }
    }

    fn wall(&self) -> Wall {
        Wall(0)
    }
}

/// Passes bytes on until the link is cut, at random, as long as `cuts` says so.
async fn relay(listener: TcpListener, server: String, cuts: Rc<Cell<bool>>) {
    let mut random = StdRng::seed_from_u64(7);
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let (server, cuts) = (server.clone(), cuts.clone());
        let lives = Duration::from_millis(random.random_range(5..120));
        spawn_local(async move {
            let Ok(mut far) = TcpStream::connect(&server).await else {
                return;
            };
            let copied = tokio::io::copy_bidirectional(&mut near, &mut far);
            let cut = async {
                while !cuts.get() {
                    sleep(Duration::from_millis(10)).await;
                }
                sleep(lives).await;
            };
            tokio::select! {
                biased;
                () = cut => {}
                _ = copied => {}
            }
        });
    }
}

fn start(relay: &str, number: u64) -> User {
    let (requests, asked) = unbounded_channel();
    let ledger = Rc::default();
    let user = User { requests, ledger };
    let mut host = User {
        requests: user.requests.clone(),
        ledger: user.ledger.clone(),
    };
    let name = Name::parse(format!("user{number}").as_bytes()).unwrap();
    let config = Config::throw_away(name, DeviceId::new([number as u8; 16]), number);
    let relay = relay.to_owned();
    spawn_local(async move { run_client(&Tcp, &relay, config, asked, &mut host).await });
    user
}

fn submit(user: &User, to: u64, line: u64) {
    let to = match to {
        USERS => Recipient::All,
        to => Recipient::User(Name::parse(format!("user{to}").as_bytes()).unwrap()),
    };
    let body = format!("{line}");
    let request = Request::Submit {
        line: LineId(line),
        to,
        body,
        age_max: None,
    };
    user.requests.send(request).unwrap();
}

async fn serve() -> String {
    let limits = Limits::default();
    let engine = Memory::new(&limits);
    let router = router::Config {
        room: engine.room(),
        limits,
        store: StoreId(1),
        epoch: Epoch(1),
        seed: 1,
        hash_key: [1, 2],
        classic_ack: AckVerb::Auto,
        level: Durability::Memory,
    };
    let made = Server::new(ServerConfig {
        router,
        log: Log::here(Box::new(engine)),
        lives: Box::new(|| Life {
            epoch: Epoch(2),
            seed: 2,
        }),
        wall: || Wall(1),
        tap: None,
    });
    let server = made.expect("memory is always there");
    let listener = Tcp.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = Tcp.local_address(&listener).unwrap().to_string();
    spawn_local(async move { server.run(Tcp, listener).await });
    address
}

/// Every line is delivered: to its one reader, or to all the others.
fn is_through(user: &User) -> bool {
    let states = &user.ledger.borrow().states;
    let done = |state: &LineState| match state {
        LineState::Delivered => true,
        LineState::Counted { count, of } => count == of,
        _ => false,
    };
    states.len() as u64 == LINES && states.values().all(done)
}

#[tokio::test(flavor = "current_thread")]
async fn a_link_that_is_cut_all_the_time_loses_and_doubles_nothing() {
    LocalSet::new().run_until(story()).await;
}

async fn story() {
    let server = serve().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay_address = listener.local_addr().unwrap().to_string();
    let cuts = Rc::new(Cell::new(false));
    spawn_local(relay(listener, server, cuts.clone()));
    let users: Vec<User> = (0..USERS).map(|user| start(&relay_address, user)).collect();
    // Whoever is not there yet is nobody to the others.
    sleep(Duration::from_millis(300)).await;
    cuts.set(true);
    for line in 1..=LINES {
        for (number, user) in (0..).zip(&users) {
            submit(user, (number + line) % (USERS + 1), line);
        }
        sleep(CHAOS / LINES as u32).await;
    }
    cuts.set(false);
    let through = async {
        while !users.iter().all(is_through) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = timeout(Duration::from_secs(60), through).await.is_ok();
    audit(&users, in_time);
}

fn audit(users: &[User], in_time: bool) {
    for (number, user) in (0..).zip(users) {
        let ledger = user.ledger.borrow();
        let complaints: Vec<_> = ledger.complaints.iter().map(ToString::to_string).collect();
        assert!(complaints.is_empty(), "user{number}: {complaints:?}");
        for from in 0..USERS {
            let me = format!("user{number}");
            let start = format!("user{from} ");
            let heard: Vec<_> = ledger
                .heard
                .iter()
                .filter(|line| line.starts_with(&start))
                .collect();
            let expected: Vec<String> = (1..=LINES)
                .filter_map(|line| match (from + line) % (USERS + 1) {
                    USERS if from != number => Some(format!("user{from} ALL {line}")),
                    to if to == number => Some(format!("user{from} {me} {line}")),
                    _ => None,
                })
                .collect();
            assert!(
                heard.into_iter().eq(&expected),
                "user{number} from user{from}: {:#?}",
                ledger.heard
            );
        }
        assert!(in_time, "user{number}: {:?}", ledger.states);
    }
    let resumes: usize = users.iter().map(|user| user.ledger.borrow().resumes).sum();
    assert!(resumes > 20, "the link was cut {resumes} times only");
}
