//! Where it happens: a directory, the server in it, the clients' processes, and the journals that they leave.

use super::audit::{Report, audit};
use super::client::{Part, TALK};
use super::journal::{Entry, Noted, Reader};
use super::line::USERS;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ports below those that the system gives to whoever connects: a client that tries again and again to reach a port
/// where nobody listens may be given that very port, and then finds itself.
const PORTS: std::ops::Range<u16> = 21_000..31_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module's words. All processes end with this value.
pub struct Ground {
    folder: PathBuf,
    address: SocketAddr,
    server: Child,
    clients: Vec<Child>,
    readers: Vec<Reader>,
    journals: Vec<Vec<Noted>>,
    faults: Vec<String>,
}

impl Ground {
    /// An empty directory, a server and its clients.
    pub fn prepare(name: &str) -> Ground {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let parts: Vec<Part> = (0..USERS)
            .map(|user| part(&folder, address, user))
            .collect();
        Ground {
            server: server(&folder, address),
            clients: parts.iter().map(client).collect(),
            readers: parts
                .iter()
                .map(|part| Reader::new(&part.journal()))
                .collect(),
            journals: vec![Vec::new(); USERS],
            faults: Vec::new(),
            folder,
            address,
        }
    }

    pub fn wait_until_all_are_welcome(&mut self) {
        let begun = Instant::now();
        let is_welcome = |notes: &Vec<Noted>| {
            let mut entries = notes.iter().map(|noted| noted.entry);
            entries.any(|entry| matches!(entry, Entry::Welcome(_)))
        };
        while !self.journals.iter().all(is_welcome) {
            assert!(begun.elapsed() < PATIENCE, "not all clients were welcome");
            std::thread::sleep(Duration::from_millis(10));
            self.catch_up();
        }
    }

    /// Lets the users write, or not any more.
    pub fn talk(&self, talk: bool) {
        let file = self.folder.join(TALK);
        match talk {
            true => drop(File::create(file).unwrap()),
            false => std::fs::remove_file(file).unwrap(),
        }
    }

    pub fn kill_server(&mut self) {
        if let Some(status) = self.server.try_wait().unwrap() {
            self.faults.push(format!(
                "the server ended by itself, {status}: {}",
                self.said()
            ));
        }
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        self.server = server(&self.folder, self.address);
    }

    pub fn kill_client(&mut self, user: usize) {
        let killed = &mut self.clients[user];
        if let Some(status) = killed.try_wait().unwrap() {
            self.faults
                .push(format!("user{user}'s process ended by itself, {status}"));
        }
        killed.kill().unwrap();
        killed.wait().unwrap();
        self.clients[user] = client(&part(&self.folder, self.address, user));
    }

    /// How much is still to come.
    pub fn unfinished(&mut self) -> usize {
        self.catch_up();
        audit(&self.journals).unfinished
    }

    fn catch_up(&mut self) {
        for (reader, notes) in self.readers.iter_mut().zip(&mut self.journals) {
            notes.extend(reader.catch_up());
        }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.join("stderr")).unwrap_or_default()
    }

    /// Ends all, the server by its own goodbye, and audits.
    pub fn end(mut self) -> Report {
        self.catch_up();
        let mut report = audit(&self.journals);
        report.faults.append(&mut self.faults);
        if report.unfinished > 0 {
            let text = format!("{} things never came: {}", report.unfinished, self.said());
            report.faults.push(text);
        }
        if report.faults.is_empty() {
            // It is kept for whoever looks for the reason.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
        report
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        for child in self.clients.iter_mut().chain([&mut self.server]) {
            // Nothing can be done about a process that will not die.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn part(folder: &Path, server: SocketAddr, user: usize) -> Part {
    let folder = folder.into();
    Part {
        user,
        server,
        folder,
    }
}

fn client(part: &Part) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_client_in_a_process_of_its_own", "--nocapture"])
        .env("VERBATIM_KILL_CLIENT", part.told())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn server(folder: &Path, address: SocketAddr) -> Child {
    let stderr = File::options()
        .append(true)
        .create(true)
        .open(folder.join("stderr"));
    Command::new(env!("CARGO_BIN_EXE_verbatimd"))
        .args(["--listen", &address.to_string(), "--data"])
        .arg(folder.join("log"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr.unwrap())
        .spawn()
        .unwrap()
}

fn free_port() -> u16 {
    let from = PORTS.start + (std::process::id() % u32::from(PORTS.end - PORTS.start)) as u16;
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let found = (from..PORTS.end).chain(PORTS).find(free);
    found.expect("no port of ten thousand is free")
}
