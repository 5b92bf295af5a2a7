//! What a session user writes, in bytes, and what it hears at once.

use super::Stage;
use verbatim_core::id::ConnId;

/// The first frame of a device that is called by the length of its user's name, with these headers beside.
pub fn hello(name: &str, attempt: u64, more: &str) -> String {
    let device = name.len();
    format!(
        "HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: {attempt}\nKeep: yes\nWindow: 256 262144\n{more}\n"
    )
}

/// A message under that id.
pub fn send(to: &str, id: u64, body: &str) -> String {
    let length = body.len();
    format!("SEND {to}\nId: {id}\nContent-length: {length}\n\n{body}")
}

/// Says frames, and gives what comes back before any time has passed.
pub fn say(stage: &mut Stage, conn: ConnId, frames: &str) -> String {
    stage.say(conn, frames.as_bytes());
    stage.take_text(conn)
}

/// The same on a new connection.
pub fn join(stage: &mut Stage, conn: ConnId, hello: &str) -> String {
    stage.open(conn);
    say(stage, conn, hello)
}
