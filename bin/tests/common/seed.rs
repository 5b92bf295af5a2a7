//! A stand-in for the seed's own client: its exact bytes, and its habits.
//!
//! It registers its sending half, waits, connects again and registers the receiving half. It counts characters, not
//! bytes. It reads once for each thing that it waits for, at most 2048 bytes, and compares all of what it got: two
//! messages in one read, or one in two, are a fault of the server as far as it can tell.

use super::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

const READ_BYTES: usize = 2048;
const COMPLAINT: &[u8] = b"ERROR 103 Header Incomplete\n\n";

/// One user of that client.
pub struct Seed {
    pub name: String,
    send: TcpStream,
    receive: TcpStream,
    heard: Receiver<Heard>,
    reader: Option<JoinHandle<()>>,
}

/// What one read of its receiving half gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line that it understood and acknowledged: sender and text.
    Line(String, String),
    /// Something that it complained about.
    Garbled(Vec<u8>),
}

impl Seed {
    /// Registers both halves.
    #[track_caller]
    pub fn join(address: SocketAddr, name: &str) -> Seed {
        let send = register(address, "TOSEND", name);
        let receive = register(address, "TORECV", name);
        let (tell, heard) = channel();
        let mut stream = receive.try_clone().expect("descriptors are left");
        stream.set_read_timeout(None).expect("none is allowed");
        let reader = std::thread::spawn(move || {
            while let Some(text) = read_once(&mut stream) {
                let heard = understand(&text);
                let answer = match &heard {
                    Heard::Line(from, _) => format!("RECEIVED {from}\n\n").into_bytes(),
                    Heard::Garbled(_) => COMPLAINT.to_vec(),
                };
                let told = tell.send(heard).is_ok();
                if stream.write_all(&answer).is_err() || !told {
                    return;
                }
            }
        });
        Seed {
            name: String::from(name),
            send,
            receive,
            heard,
            reader: Some(reader),
        }
    }

    /// Sends a line and gives the one read that it takes for the answer; `None` when it was cut off.
    pub fn say(&mut self, to: &str, text: &str) -> Option<String> {
        let count = text.chars().count();
        let frame = format!("SEND {to}\nContent-length: {count}\n\n{text}");
        self.send.write_all(frame.as_bytes()).ok()?;
        read_once(&mut self.send).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Sends a line that must arrive: nothing but the seed's own acknowledgement will do.
    #[track_caller]
    pub fn say_well(&mut self, to: &str, text: &str) {
        let answer = self.say(to, text);
        assert_eq!(
            answer.as_deref(),
            Some(&*format!("SEND {to}\n\n")),
            "{} said {text:?}",
            self.name
        );
    }

    /// The next line that it understood.
    #[track_caller]
    pub fn line(&self) -> (String, String) {
        match self.next() {
            Heard::Line(from, text) => (from, text),
            Heard::Garbled(bytes) => {
                let bytes = String::from_utf8_lossy(&bytes);
                panic!("{} cannot read {bytes:?}", self.name)
            }
        }
    }

    /// The next thing of any kind.
    #[track_caller]
    pub fn next(&self) -> Heard {
        let heard = self.heard.recv_timeout(PATIENCE);
        heard.unwrap_or_else(|error| panic!("{} hears nothing: {error}", self.name))
    }

    /// Whether nothing comes for that long.
    pub fn is_quiet_for(&self, time: Duration) -> bool {
        self.heard.recv_timeout(time).is_err()
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        let _ = self.send.shutdown(std::net::Shutdown::Both);
        let _ = self.receive.shutdown(std::net::Shutdown::Both);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

#[track_caller]
fn register(address: SocketAddr, word: &str, name: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server takes newcomers");
    let limit = stream.set_read_timeout(Some(PATIENCE));
    limit.expect("it is not zero");
    let frame = format!("REGISTER {word} {name}\n\n");
    stream
        .write_all(frame.as_bytes())
        .expect("the server reads");
    let answer = read_once(&mut stream).expect("an answer");
    let answer = String::from_utf8_lossy(&answer);
    assert_eq!(answer, format!("REGISTERED {word} {name}\n\n"));
    stream
}

fn read_once(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; READ_BYTES];
    let length = loop {
        match stream.read(&mut bytes).map_err(|error| error.kind()) {
            // A process that is stopped and goes on finds its reads ended, if they have a time limit.
            Err(ErrorKind::Interrupted) => {}
            Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => panic!("nothing came"),
            read => break read.ok().filter(|length| *length > 0)?,
        }
    };
    bytes.truncate(length);
    Some(bytes)
}

/// One message, whole, alone, and of as many characters as it says.
fn understand(bytes: &[u8]) -> Heard {
    let line = || {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\n\n")?;
        let (first, count) = head.split_once("\nContent-length: ")?;
        let from = first.strip_prefix("FORWARD ")?;
        let count: usize = count.parse().ok()?;
        (body.chars().count() == count).then(|| Heard::Line(from.into(), body.into()))
    };
    line().unwrap_or_else(|| Heard::Garbled(bytes.to_vec()))
}
