//! Two pairs of users, one of each level, who go on talking whatever others do.

use crate::stage::Stage;
use std::time::Duration;
use verbatim_core::id::ConnId;

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);
const ANNA: [ConnId; 2] = [ConnId(2), ConnId(3)];
const BEN: [ConnId; 2] = [ConnId(4), ConnId(5)];

/// How many exchanges there were.
pub struct Healthy {
    count: u64,
}

impl Healthy {
    pub fn join(stage: &mut Stage) -> Healthy {
        for (conn, name) in [(ALICE, "alice"), (BOB, "bob")] {
            stage.open(conn);
            let device = u128::MAX - u128::from(conn.0);
            let hello = format!(
                "HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: 1\nKeep: no\nWindow: 256 262144\n\n"
            );
            stage.say(conn, hello.as_bytes());
        }
        for (halves, name) in [(ANNA, "anna"), (BEN, "ben")] {
            for (conn, word) in halves.into_iter().zip(["TOSEND", "TORECV"]) {
                stage.open(conn);
                stage.say(conn, format!("REGISTER {word} {name}\n\n").as_bytes());
            }
            stage.take(halves[0]);
            stage.take(halves[1]);
        }
        stage.wait(Duration::from_millis(200)); // a new classic user is left alone for a moment
        assert!(stage.take_text(ALICE).contains("WELCOME"));
        assert!(stage.take_text(BOB).contains("WELCOME"));
        Healthy { count: 0 }
    }

    /// Time passes, in which they show that they live.
    pub fn wait(&mut self, stage: &mut Stage, span: Duration) {
        let mut left = span;
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(4));
            stage.wait(step);
            stage.say(ALICE, b"PING\n\n");
            stage.say(BOB, b"PING\n\n");
            self.receive_classic(stage);
            left -= step;
        }
    }

    /// One message of each pair, from its sender to its receiver and back. Tells what did not happen.
    pub fn exchange(&mut self, stage: &mut Stage) -> Result<(), String> {
        self.count += 1;
        for conn in [ALICE, BOB, ANNA[0], ANNA[1], BEN[0], BEN[1]] {
            if let Some(reason) = stage.wires[&conn].closed {
                return Err(format!("{conn} was closed: {reason}"));
            }
        }
        self.receive_classic(stage);
        let body = format!("healthy {}", self.count);
        let (id, length) = (self.count, body.len());
        stage.say(
            ALICE,
            format!("SEND bob\nId: {id}\nContent-length: {length}\n\n{body}").as_bytes(),
        );
        stage.wait(Duration::from_millis(1)); // an answer may wait for a delivery to travel with
        expect(
            &stage.take_text(ALICE),
            &format!("ACCEPTED {id} {id} "),
            "alice",
        )?;
        expect(&self.receive_session(stage), &body, "bob")?;
        stage.say(
            ANNA[0],
            format!("SEND ben\nContent-length: {length}\n\n{body}").as_bytes(),
        );
        let forwarded = self.receive_classic(stage);
        expect(
            &forwarded,
            &format!("FORWARD anna\nContent-length: {length}\n\n{body}"),
            "ben",
        )?;
        expect(&stage.take_text(ANNA[0]), "SENT ben\n\n", "anna")
    }

    /// Anna and ben take every line that comes, one by one. Gives ben's.
    fn receive_classic(&self, stage: &mut Stage) -> String {
        let mut lines = String::new();
        loop {
            let [anna, ben] = [ANNA[1], BEN[1]].map(|conn| stage.take_text(conn));
            if anna.is_empty() && ben.is_empty() {
                return lines;
            }
            for (conn, line) in [(ANNA[1], anna), (BEN[1], ben.clone())] {
                if !line.is_empty() {
                    let forwards = line.matches("FORWARD ").count();
                    assert_eq!(forwards, 1, "one line at a time: {line}");
                    stage.say(conn, b"RECEIVED it\n\n");
                }
            }
            lines.push_str(&ben);
        }
    }

    /// Bob takes and acks all that comes, as his window lets it come.
    fn receive_session(&self, stage: &mut Stage) -> String {
        let mut lines = String::new();
        loop {
            let heard = stage.take_text(BOB);
            let mut seqs = heard
                .lines()
                .filter_map(|line| line.strip_prefix("DELIVER "));
            let Some(last) = seqs.next_back() else {
                return lines + &heard;
            };
            stage.say(BOB, format!("ACK {last}\n\n").as_bytes());
            lines.push_str(&heard);
        }
    }
}

fn expect(heard: &str, wanted: &str, who: &str) -> Result<(), String> {
    if heard.contains(wanted) {
        return Ok(());
    }
    Err(format!("{who} does not hear {wanted:?}, but {heard:?}"))
}
