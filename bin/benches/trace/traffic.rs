//! What the server is given to do: four users in a ring, one message at a time, then with as many in flight as may be.

use super::common::session::Session;
use super::said::marked;
use std::net::SocketAddr;
use std::time::Duration;
use verbatim_core::limits::UNANSWERED_MAX;
use verbatim_core::wire::ServerFrame;

const USERS: [&str; 4] = ["ann", "ben", "cas", "dot"];
/// One at a time, at the beginning.
const ALONE: u64 = 50;

/// One user's part.
struct Writer {
    session: Session,
    user: usize,
    sent: u64,
    answered: u64,
}

/// Lets everybody send so many messages, and waits for all answers.
pub fn play(address: SocketAddr, messages: u64) {
    let mut writers: Vec<Writer> = (0..USERS.len())
        .map(|user| Writer {
            session: Session::join(address, USERS[user]),
            user,
            sent: 0,
            answered: 0,
        })
        .collect();
    while writers.iter().any(|writer| writer.answered < messages) {
        writers.iter_mut().for_each(|writer| writer.fill(messages));
        writers.iter_mut().for_each(Writer::hear_one);
    }
}

impl Writer {
    fn fill(&mut self, messages: u64) {
        let most = if self.answered < ALONE {
            1
        } else {
            UNANSWERED_MAX as u64
        };
        while self.sent < messages && self.sent - self.answered < most {
            self.sent += 1;
            let body = format!("{} {}", marked(USERS[self.user], self.sent), "x".repeat(80));
            let to = USERS[(self.user + 1) % USERS.len()];
            self.session.send(to, self.sent, &body);
        }
    }

    fn hear_one(&mut self) {
        if self.answered == self.sent {
            return;
        }
        match self.session.next_or_end(Duration::from_secs(20)) {
            Some(ServerFrame::Accepted { last, .. }) => self.answered = last.0,
            Some(ServerFrame::Deliver(delivery)) => self.session.ack(delivery.seq),
            Some(_) => {}
            None => panic!("the server ended a connection"),
        }
    }
}
