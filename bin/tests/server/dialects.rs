//! Foreign clients of every known dialect at the real server, over real TCP: in one room, with storms and deaths.

use crate::common::PATIENCE;
use crate::common::raw::{Raw, forward};
use crate::common::server::Server;
use crate::common::session::Session;
use sim_tests::dialects::{CLIENTS, ClientRow, Cut, News, Told, play_client};
use sim_tests::dice::Dice;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use verbatim_core::wire::ServerFrame;
use verbatim_net::Tcp;

/// A user of a foreign client, on the thread that plays them all.
struct User {
    row: ClientRow,
    name: String,
    orders: Option<UnboundedSender<(String, String)>>,
    news: UnboundedReceiver<News>,
    seen: Vec<News>,
}

impl User {
    /// Joins; only inside of [`play`].
    fn join(at: SocketAddr, row: ClientRow, name: &str, cut: Cut) -> User {
        let (orders, asked) = unbounded_channel();
        let (tell, news) = unbounded_channel();
        let user = name.to_owned();
        tokio::task::spawn_local(async move {
            let address = at.to_string();
            // What is missing because it was cut off is seen by whoever waits for it.
            let _ = play_client(&Tcp, &address, (row, &user), cut, asked, tell).await;
        });
        User {
            row,
            name: name.to_owned(),
            orders: Some(orders),
            news,
            seen: Vec::new(),
        }
    }

    fn says(&self, to: &str, text: &str) {
        let orders = self.orders.as_ref().expect("it has not quit");
        let told = orders.send((to.to_owned(), text.to_owned()));
        assert!(told.is_ok(), "{}'s program has ended", self.name);
    }

    /// Waits until that many of its news are such.
    async fn sees(&mut self, count: usize, what: &str, is: impl Fn(&News) -> bool) {
        let mut found = self.seen.iter().filter(|one| is(one)).count();
        while found < count {
            let next = tokio::time::timeout(PATIENCE, self.news.recv()).await;
            let Ok(Some(next)) = next else {
                panic!("{} waits for {what}, after {:?}", self.name, self.seen);
            };
            found += usize::from(is(&next));
            self.seen.push(next);
        }
    }

    async fn is_told(&mut self, count: usize) {
        let told = |one: &News| matches!(one, News::Told(..));
        self.sees(count, "answers", told).await;
        for one in &self.seen {
            let well = match one {
                News::Told(_, _, told) if self.row.serves.fully() => *told == Told::Arrived,
                News::Misread(_) => false,
                _ => true,
            };
            assert!(well, "{} is told {one:?}", self.name);
        }
    }
}

/// Plays a scene on a thread of its own.
fn play(scene: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("the system gives threads and timers");
    tokio::task::LocalSet::new().block_on(&runtime, scene);
}

fn served() -> impl Iterator<Item = &'static ClientRow> {
    CLIENTS.iter().filter(|row| row.serves.arrives())
}

async fn room(at: SocketAddr, cut: &Cut) -> Vec<User> {
    let join = |row: &ClientRow| User::join(at, *row, row.name, cut.clone());
    let mut room: Vec<User> = served().map(join).collect();
    for user in &mut room {
        user.sees(1, "its registration", |one| *one == News::Registered)
            .await;
    }
    room
}

/// A text in which characters and bytes differ, unless one of the two can read only ASCII.
fn text(from: &str, to: &str) -> String {
    let ascii = |name: &str| CLIENTS.iter().any(|row| row.name == name && row.ascii);
    match ascii(from) || ascii(to) {
        true => format!("{from} greets {to}, and nobody else"),
        false => format!("{from} gr\u{fc}\u{df}t {to}, \u{1f980}\u{e9}"),
    }
}

async fn everybody_talks(cut: Cut) {
    let server = Server::start();
    let mut room = room(server.address, &cut).await;
    let names: Vec<String> = room.iter().map(|user| user.name.clone()).collect();
    for user in &room {
        for to in names.iter().filter(|to| **to != user.name) {
            user.says(to, &text(&user.name, to));
        }
    }
    for user in &mut room {
        user.is_told(names.len() - 1).await;
        let mut expected: BTreeMap<(String, String), usize> = BTreeMap::new();
        for from in names.iter().filter(|from| **from != user.name) {
            expected.insert((from.clone(), text(from, &user.name)), 1);
        }
        let line = |one: &News| matches!(one, News::Line(..));
        user.sees(expected.len(), "lines", line).await;
        let mut heard: BTreeMap<(String, String), usize> = BTreeMap::new();
        for one in &user.seen {
            if let News::Line(from, text) = one {
                *heard.entry((from.clone(), text.clone())).or_default() += 1;
            }
        }
        assert_eq!(heard, expected, "{} reads each line once", user.name);
    }
}

#[test]
fn every_pair_talks_in_one_segment_each() {
    play(everybody_talks(Cut::Whole));
}

#[test]
fn every_pair_talks_byte_by_byte() {
    play(everybody_talks(Cut::Bytes));
}

#[test]
fn every_pair_talks_in_random_pieces() {
    play(everybody_talks(Cut::Chopped(Dice::new(1, "tcp"))));
}

#[test]
fn a_storm_with_a_death_in_its_midst_takes_nothing_from_the_others() {
    play(async {
        let server = Server::start();
        let mut victim = Raw::join(server.address, "victim");
        let mut keeper = User::join(server.address, CLIENTS[0], "keeper", Cut::Whole);
        keeper
            .sees(1, "its registration", |one| *one == News::Registered)
            .await;
        let mut room = room(server.address, &Cut::Whole).await;
        // Whose answers silence has to end takes half a second for each, which is long in a storm.
        room.retain(|user| user.name != "noend");
        for user in &room {
            for number in 0..3 {
                user.says("victim", "are you there?");
                user.says("keeper", &format!("line {number} of {}", user.name));
                user.says("ALL", &format!("all {number} of {}", user.name));
            }
        }
        // It takes one line and dies at the second.
        tokio::task::spawn_blocking(move || {
            victim.receive.read_before(Instant::now() + PATIENCE);
            victim.receive.say("RECEIVED anybody\n\n");
            victim.receive.read_before(Instant::now() + PATIENCE);
        })
        .await
        .expect("it lives as long as that");
        let others = room.len();
        for user in &mut room {
            let told = |one: &News| matches!(one, News::Told(..));
            user.sees(9, "answers", told).await;
            for one in &user.seen {
                let News::Told(to, _, told) = one else {
                    continue;
                };
                let well = !user.row.serves.fully()
                    || *told == Told::Arrived
                    || (to == "victim" && *told == Told::Refused(102));
                assert!(well, "{} is told {one:?}", user.name);
            }
            let alls = |one: &News| matches!(one, News::Line(_, text) if text.starts_with("all "));
            user.sees((others - 1) * 3, "broadcasts", alls).await;
        }
        let lines = |one: &News| matches!(one, News::Line(..));
        keeper
            .sees(others * 6, "every line of the storm", lines)
            .await;
    });
}

/// Lets a session hear until something is said, and gives all that was new to it.
async fn hears(mut session: Session, end: &'static str) -> (Session, Vec<String>) {
    let hearing = tokio::task::spawn_blocking(move || {
        let mut heard = Vec::new();
        loop {
            let frame = session.next();
            if let ServerFrame::Deliver(delivery) = &frame {
                session.ack(delivery.seq);
            }
            let told = frame.to_string();
            let ends = told.contains(end);
            // Receipts may come in steps, and repeat.
            if !told.contains(" 0 of ") && !heard.contains(&told) {
                heard.push(told);
            }
            if ends {
                return (session, heard);
            }
        }
    });
    hearing.await.expect("it hears what it waits for")
}

/// All that a session user hears when it writes with somebody of that dialect.
async fn heard_beside(row: ClientRow) -> Vec<String> {
    let server = Server::start();
    let mut alice = Session::join(server.address, "alice");
    let mut bob = User::join(server.address, row, "bob", Cut::Whole);
    bob.sees(1, "its registration", |one| *one == News::Registered)
        .await;
    let mut all = Vec::new();
    let turns: [(&dyn Fn(&mut Session), &str); 4] = [
        (&|alice| alice.send("bob", 1, "hi"), "RECEIPT bob"),
        (&|_| bob.says("alice", "hello"), "DELIVER"),
        (&|_| bob.says("ALL", "all of you"), "DELIVER"),
        (&|alice| alice.send("ALL", 2, "to all"), "1 of 1"),
    ];
    for (speaks, end) in turns {
        speaks(&mut alice);
        let (back, heard) = hears(alice, end).await;
        alice = back;
        all.extend(heard);
    }
    bob.is_told(2).await;
    all
}

#[test]
fn a_session_user_does_not_notice_which_dialect_is_at_the_other_end() {
    let heard = |row: &ClientRow| {
        let mut heard = Vec::new();
        play(async { heard = heard_beside(*row).await });
        heard
    };
    let beside_the_seed = heard(&CLIENTS[0]);
    std::thread::scope(|scope| {
        for row in served().skip(1) {
            let seed = &beside_the_seed;
            scope.spawn(move || assert_eq!(heard(row), *seed, "beside {}", row.name));
        }
    });
    assert_eq!(beside_the_seed.len(), 6, "{beside_the_seed:?}");
}

#[test]
fn two_who_answer_on_the_wrong_side_write_to_each_other() {
    play(async {
        let server = Server::start();
        let row = CLIENTS.iter().find(|row| row.name == "wrongside");
        let row = *row.expect("it is in the table");
        let mut pair = ["ann", "ben"].map(|name| User::join(server.address, row, name, Cut::Whole));
        for user in &mut pair {
            user.sees(1, "its registration", |one| *one == News::Registered)
                .await;
        }
        let asked = Instant::now();
        for _ in 0..5 {
            pair[0].says("ben", "at once");
            pair[1].says("ann", "at once");
        }
        for user in &mut pair {
            user.is_told(5).await;
        }
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "nobody was cut off"
        );
    });
}

#[test]
fn lines_that_come_before_their_turn_wait_and_answers_between_them_count() {
    let server = Server::start();
    let mut ann = Raw::join(server.address, "ann");
    let mut ben = Raw::join(server.address, "ben");
    let line = |body: &str| crate::common::raw::send("ben", body);
    ben.send.say(crate::common::raw::send("ann", "from ben"));
    ann.receive.expect(&forward("ben", "from ben"));
    // Three lines and an acknowledgement in one segment, on the connection that they do not belong to.
    let nobody = crate::common::raw::send("nobody", "x");
    let all = format!("{}{}{nobody}RECEIVED ben\n\n", line("one"), line("two"));
    ann.send.say(all);
    ben.send.expect("SEND ann\n\n");
    ben.hear("ann", "one");
    ann.send.expect("SEND ben\n\n");
    ben.hear("ann", "two");
    ann.send.expect("SEND ben\n\nERROR 102 Unable to send\n\n");
}

#[test]
fn a_line_of_too_many_characters_goes_past_whole() {
    let server = Server::start();
    let mut ann = Raw::join(server.address, "ann");
    let mut ben = Raw::join(server.address, "ben");
    for text in ["\u{e9}".repeat(70_000), "\u{1f980}".repeat(66_000)] {
        let count = text.chars().count();
        let frame = format!("SEND ben\nContent-length: {count}\n\n{text}");
        ann.send.say(frame);
        ann.send.expect("ERROR 102 Unable to send\n\n");
        ann.line("ben", "still here");
        ben.hear("ann", "still here");
        ann.send.expect("SEND ben\n\n");
    }
}
