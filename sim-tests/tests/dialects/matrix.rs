//! Which dialect is served, and which pairs of them understand each other: measured, and approved as the stories are.
//!
//! `cargo test -p sim-tests --test dialects matrix -- --nocapture` prints it.

use crate::{cuts, room, text, wait_for_all, world};
use sim_tests::dialects::{CLIENTS, ClientRow, Cut, News, SERVERS, ServerRow, Told};
use sim_tests::{Client, Foreign, World};
use std::fmt::Write;
use std::time::Duration;

/// How many foreign clients must be served fully, and how many foreign servers used, of those that are known.
const CLIENTS_SERVED_MIN: usize = 13;
const SERVERS_USED_MIN: usize = 12;
/// How long our client at a foreign server gets for a line: more than for an answer that never comes.
const LINE_TIME_MAX: Duration = Duration::from_secs(40);

/// How a line fared, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fared {
    /// It arrived once, and its sender was told so.
    Well,
    /// It arrived once, and its sender's program did not know the answer.
    Untold,
    /// Anything else.
    Lost,
}

impl Fared {
    fn sign(self) -> char {
        match self {
            Fared::Well => '+',
            Fared::Untold => 'o',
            Fared::Lost => '-',
        }
    }
}

fn fared(from: &(ClientRow, Foreign), to: &(ClientRow, Foreign)) -> Fared {
    let said = text(from.0.name, to.0.name);
    let line = News::Line(from.0.name.to_owned(), said.clone());
    let arrived = to.1.news().into_iter().filter(|one| *one == line).count();
    let told = from.1.news().into_iter().find_map(|one| match one {
        News::Told(name, text, told) if name == to.0.name && text == said => Some(told),
        _ => None,
    });
    match (arrived, told) {
        (1, Some(Told::Arrived)) => Fared::Well,
        (1, Some(Told::Unknown(_))) => Fared::Untold,
        _ => Fared::Lost,
    }
}

/// How each one's line to each other one fared; nobody writes to itself.
fn pairs(seed: u64, cut: &Cut) -> Vec<Vec<Option<Fared>>> {
    let world = world(seed);
    let room = room(&world, cut);
    for (row, user) in &room {
        for (other, _) in room.iter().filter(|(other, _)| other.name != row.name) {
            user.says(other.name, &text(row.name, other.name));
        }
    }
    wait_for_all(&world, &room, room.len() - 1);
    let fares = |from: &(ClientRow, Foreign), to: &(ClientRow, Foreign)| {
        (from.0.name != to.0.name).then(|| fared(from, to))
    };
    let line = |from| room.iter().map(|to| fares(from, to)).collect();
    room.iter().map(line).collect()
}

/// A client that is not served: how its line to a seed fares.
fn alone(seed: u64, cut: &Cut, row: &ClientRow) -> Fared {
    let world = world(seed);
    let join = |row: &ClientRow| (*row, world.foreign(*row, row.name, cut.clone()));
    let (from, to) = (join(row), join(&CLIENTS[0]));
    to.1.sees(&News::Registered);
    from.1.says(to.0.name, &text(row.name, to.0.name));
    world.wait(LINE_TIME_MAX);
    fared(&from, &to)
}

/// Whether such a thing is on the screen within the time that a line gets.
fn shows(world: &World, user: &Client, beginning: &str) -> bool {
    let end = world.elapsed() + LINE_TIME_MAX;
    loop {
        if user.screen().iter().any(|one| one.starts_with(beginning)) {
            return true;
        }
        if world.elapsed() >= end {
            return false;
        }
        world.wait(Duration::from_millis(100));
    }
}

/// How lines of our clients fare at a foreign server: to one, to all, and to nobody, in any text.
fn at_server(seed: u64, cut: Cut, row: &ServerRow) -> Fared {
    let world = world(seed);
    world.foreign_server("other", *row, cut);
    let [mut alice, bob] = ["alice", "bob"].map(|name| world.client_at("other", name));
    for user in [&alice, &bob] {
        if !shows(&world, user, "online, classic level") {
            return Fared::Lost;
        }
    }
    for (line, to, told) in [
        (1, "bob", "acknowledged"),
        (2, "ALL", "acknowledged"),
        (3, "nobody", "rejected"),
    ] {
        let text = format!("gr\u{fc}\u{df}e {line} \u{1f980}");
        alice.types(to, &text);
        let read = format!("alice -> bob {text:?}");
        if to != "nobody" && !shows(&world, &bob, &read) {
            return Fared::Lost;
        }
        if !shows(&world, &alice, &format!("#{line} {told}")) {
            return Fared::Untold;
        }
    }
    Fared::Well
}

/// A line of a table: a name, how it fared in one segment, byte by byte and chopped, and why not better.
fn row(table: &mut String, name: &str, fared: &[Fared], why: &str) {
    let signs: Vec<String> = fared.iter().map(|one| one.sign().to_string()).collect();
    let line = format!("{name:<14} {}  {why}", signs.join(" "));
    *table += line.trim_end();
    table.push('\n');
}

/// What a client's lines, and the lines to it, came to.
fn of_client(at: usize, pairs: &[Vec<Option<Fared>>]) -> Fared {
    let to_it = pairs.iter().filter_map(|line| line[at]);
    let lost = to_it.filter(|fared| *fared == Fared::Lost);
    let own = pairs[at].iter().copied().flatten();
    own.chain(lost).max().expect("there are others")
}

fn every_pair(table: &mut String, rooms: &[Vec<Vec<Option<Fared>>>]) {
    let names: Vec<&str> = CLIENTS.iter().map(|row| row.name).collect();
    let heads = (1..=rooms[0].len()).map(|at| format!("{at:>3}"));
    let _ = writeln!(table, "{:<18}{}", "", heads.collect::<String>());
    for from in 0..rooms[0].len() {
        let _ = write!(table, "{:>3} {:<14}", from + 1, names[from]);
        for to in 0..rooms[0].len() {
            let worst = rooms.iter().filter_map(|room| room[from][to]).max();
            let _ = write!(table, "  {}", worst.map_or('.', Fared::sign));
        }
        table.push('\n');
    }
}

fn matrix() -> (String, usize, usize) {
    let (mut table, mut clients, mut servers) = (String::new(), 0, 0);
    let rooms: Vec<_> = (61..)
        .zip(cuts(6))
        .map(|(seed, cut)| pairs(seed, &cut))
        .collect();
    table +=
        "Other people's clients at our server: in one segment, byte by byte, chopped at random\n\n";
    let mut served = 0;
    for client in CLIENTS {
        let fared: Vec<Fared> = match client.serves.arrives() {
            true => rooms.iter().map(|pairs| of_client(served, pairs)).collect(),
            false => (71..)
                .zip(cuts(7))
                .map(|(seed, cut)| alone(seed, &cut, client))
                .collect(),
        };
        served += usize::from(client.serves.arrives());
        clients += usize::from(fared.iter().all(|one| *one == Fared::Well));
        row(&mut table, client.name, &fared, client.serves.why());
    }
    table += "\nOur client at other people's servers\n\n";
    for server in SERVERS {
        let all = (81..).zip(cuts(8));
        let fared: Vec<Fared> = all
            .map(|(seed, cut)| at_server(seed, cut, server))
            .collect();
        servers += usize::from(fared.iter().all(|one| *one == Fared::Well));
        row(&mut table, server.name, &fared, server.serves.why());
    }
    table += "\nClients in one room: whoever stands at the left writes to whoever stands above\n\n";
    every_pair(&mut table, &rooms);
    let (all, every) = (CLIENTS.len(), SERVERS.len());
    let _ = writeln!(
        table,
        "\nserved fully: {clients} of {all} clients; used fully: {servers} of {every} servers"
    );
    (table, clients, servers)
}

#[test]
fn the_matrix_of_dialects() {
    let (table, clients, servers) = matrix();
    println!("{table}");
    assert!(clients >= CLIENTS_SERVED_MIN, "{clients} clients");
    assert!(servers >= SERVERS_USED_MIN, "{servers} servers");
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(verbatim_snapshots::FOLDER);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(
        "Every dialect that is known. +: each line arrives once and its sender is told so; o: it arrives, and the sender's program does not know the answer; -: it does not arrive.",
    );
    settings.bind(|| insta::assert_snapshot!("dialects", table));
}
