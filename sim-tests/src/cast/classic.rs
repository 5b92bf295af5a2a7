//! A classic user: two connections, one line at a time, one `RECEIVED` for each `FORWARD`. It reads once per message
//! and understands the exact bytes only, as the seed does; or it reads as a stream, as better programs do.

use super::{Order, Player};
use crate::dice::Dice;
use crate::history::{ClassicNews, Tag, What};
use crate::plan::{Act, Part, To};
use crate::rough::RoughStream;
use crate::server::ADDRESS;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};
use verbatim_net::Transport;

/// The seed's read buffer.
const READ_BYTES: usize = 2048;
/// How long it waits for an answer before it takes its connections for dead.
const PATIENCE: Duration = Duration::from_secs(40);
/// Before it registers again.
const REST: Duration = Duration::from_millis(700);

struct Classic {
    player: Player,
    dice: Dice,
    reads_once: bool,
    think_max: u64,
    runs: bool,
    paused_until: Option<Instant>,
    lines: u64,
    typed: VecDeque<Line>,
}

struct Line {
    line: u64,
    to: String,
    body: String,
}

/// Both connections, and what it waits for.
struct Talk {
    sending: Half,
    receiving: Half,
    /// The line that waits for its answer, and until when.
    waits: Option<(u64, Instant)>,
    /// When to answer the last `FORWARD`, and how.
    thinks: Option<(Instant, Reply)>,
}

/// How a `FORWARD` is answered.
enum Reply {
    Received(String),
    Complaint,
}

/// What was read on the receive connection.
enum Forward {
    Nothing,
    Whole(String, String),
    /// Its length is not what this program counts.
    Miscounted,
    Misread(String),
}

struct Half {
    stream: RoughStream,
    unread: Vec<u8>,
}

/// Why a talk is over.
enum Over {
    Crashed,
    Left,
    Broken(&'static str),
}

pub(super) async fn play(player: Player) {
    let Part::Classic {
        reads_once,
        think_max,
    } = player.stage.plan.users[player.who].part
    else {
        return;
    };
    let dice = Dice::new(player.stage.plan.seed, &format!("classic {}", player.who));
    let mut classic = Classic {
        player,
        dice,
        reads_once,
        think_max,
        runs: false,
        paused_until: None,
        lines: 0,
        typed: VecDeque::new(),
    };
    loop {
        classic.live().await;
    }
}

impl Classic {
    fn note(&self, news: ClassicNews) {
        let history = &self.player.stage.history;
        history.note(What::Classic(self.player.who, news));
    }

    /// From one registration to the end of it.
    async fn live(&mut self) {
        while !self.runs {
            self.wait_for_order().await;
        }
        let over = match timeout(PATIENCE, self.register()).await {
            Ok(Ok(mut talk)) => {
                self.note(ClassicNews::Registered);
                let over = self.talk(&mut talk).await;
                over.unwrap_or(Over::Broken("an error"))
            }
            Ok(Err(_)) => Over::Broken("not registered"),
            Err(_) => Over::Broken("not registered in time"),
        };
        match over {
            Over::Broken(why) => self.note(ClassicNews::Parted(why)),
            Over::Crashed | Over::Left => {
                self.runs = false;
                self.typed.clear();
                self.note(ClassicNews::Ended);
            }
        }
        let rest = Instant::now() + REST;
        while Instant::now() < rest && self.runs {
            tokio::select! {
                biased;
                order = self.player.orders.recv() => self.on_order_alone(order),
                () = sleep_until(rest) => {}
            }
        }
    }

    async fn wait_for_order(&mut self) {
        let order = self.player.orders.recv().await;
        self.on_order_alone(order);
    }

    /// An order while there is no connection.
    fn on_order_alone(&mut self, order: Option<Order>) {
        if self.on_order(order).is_some() && self.runs {
            self.runs = false;
            self.typed.clear();
            self.note(ClassicNews::Ended);
        }
    }

    /// Whether the order ends the program, and how.
    fn on_order(&mut self, order: Option<Order>) -> Option<Over> {
        match order? {
            Order::Calm => (self.paused_until, self.think_max) = (None, 0),
            Order::Act(Act::Begin) if !self.runs => {
                self.runs = true;
                self.note(ClassicNews::Began);
            }
            Order::Act(Act::Say { to, bytes, .. }) if self.runs => self.type_line(to, bytes),
            Order::Act(Act::Pause(span)) => {
                self.paused_until = Some(Instant::now() + Duration::from_millis(span));
            }
            Order::Act(Act::Crash { .. }) => return Some(Over::Crashed),
            Order::Act(Act::Leave { .. }) => return Some(Over::Left),
            Order::Act(_) => {}
        }
        None
    }

    fn type_line(&mut self, to: To, bytes: u64) {
        let to = self.player.stage.name_of(to);
        self.lines += 1;
        let line = self.lines;
        let who = self.player.who;
        let mut body = Tag { who, line }.body(bytes);
        if self.reads_once && self.dice.chance(150) {
            // The seed counts characters.
            body.push_str(" caf\u{e9}");
        }
        self.note(ClassicNews::Typed { line });
        self.typed.push_back(Line { line, to, body });
    }

    async fn register(&mut self) -> io::Result<Talk> {
        let sending = self.register_half("TOSEND").await?;
        let receiving = self.register_half("TORECV").await?;
        Ok(Talk {
            sending,
            receiving,
            waits: None,
            thinks: None,
        })
    }

    async fn register_half(&mut self, side: &str) -> io::Result<Half> {
        let name = self.player.name().to_owned();
        let transport = self.player.transport();
        let stream = transport.connect(ADDRESS).await?;
        let mut half = Half {
            stream,
            unread: Vec::new(),
        };
        let words = format!("REGISTER {side} {name}\n\n");
        half.stream.write_all(words.as_bytes()).await?;
        let answer = loop {
            if half.read(READ_BYTES).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = half.take_head(self.reads_once) {
                break answer;
            }
        };
        if answer == format!("REGISTERED {side} {name}") {
            return Ok(half);
        }
        match answer.get(..9) {
            Some("ERROR 104") => self.note(ClassicNews::Taken),
            // What it said was on its way for too long.
            Some("ERROR 173") => {}
            _ => self.note(ClassicNews::Misread(answer)),
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    async fn talk(&mut self, talk: &mut Talk) -> io::Result<Over> {
        loop {
            self.say_next(talk).await?;
            let Talk {
                sending,
                receiving,
                waits,
                thinks,
            } = talk;
            let thinks_until = thinks.as_ref().map(|(at, _)| *at);
            tokio::select! {
                biased;
                order = self.player.orders.recv() => {
                    if let Some(over) = self.on_order(order) {
                        return Ok(over);
                    }
                }
                read = receiving.read(READ_BYTES) => if read? == 0 {
                    return Ok(Over::Broken("the receive connection ended"));
                },
                read = sending.read(READ_BYTES) => if read? == 0 {
                    return Ok(Over::Broken("the send connection ended"));
                },
                () = until(thinks_until) => self.on_thought(talk).await?,
                () = until(waits.map(|(_, patience)| patience)) => {
                    return Ok(Over::Broken("no answer in time"));
                }
            }
            if let Some(over) = self.hear(talk) {
                return Ok(over);
            }
        }
    }

    /// Sends the next line, if none waits for its answer.
    async fn say_next(&mut self, talk: &mut Talk) -> io::Result<()> {
        if talk.waits.is_some() {
            return Ok(());
        }
        let Some(Line { line, to, body }) = self.typed.pop_front() else {
            return Ok(());
        };
        let length = if self.reads_once {
            body.chars().count()
        } else {
            body.len()
        };
        let words = format!("SEND {to}\nContent-length: {length}\n\n{body}");
        self.note(ClassicNews::Said { line, to, body });
        talk.waits = Some((line, Instant::now() + PATIENCE));
        let written = timeout(PATIENCE, talk.sending.stream.write_all(words.as_bytes())).await;
        written.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Takes in what came on both connections.
    fn hear(&mut self, talk: &mut Talk) -> Option<Over> {
        while let Some(answer) = talk.sending.take_head(self.reads_once) {
            let Some((line, _)) = talk.waits.take() else {
                self.note(ClassicNews::Misread(answer));
                return Some(Over::Broken("an answer that nobody waits for"));
            };
            self.on_answer(line, &answer);
        }
        if talk.thinks.is_some() && !talk.receiving.unread.is_empty() {
            self.note(ClassicNews::Misread(
                "a second FORWARD before RECEIVED".into(),
            ));
            return Some(Over::Broken("it cannot go on"));
        }
        let reply = match talk.receiving.take_forward(self.reads_once) {
            Forward::Nothing => return None,
            Forward::Whole(from, text) => {
                let heard = from.clone();
                self.note(ClassicNews::Heard { from: heard, text });
                Reply::Received(from)
            }
            Forward::Miscounted => Reply::Complaint,
            Forward::Misread(misread) => {
                self.note(ClassicNews::Misread(misread));
                return Some(Over::Broken("it cannot go on"));
            }
        };
        let think = Duration::from_millis(self.dice.between(0, self.think_max));
        talk.thinks = Some((Instant::now() + think, reply));
        None
    }

    fn on_answer(&self, line: u64, answer: &str) {
        let code = match answer.split_once(' ') {
            Some(("SENT" | "SEND", _)) => None,
            Some(("ERROR", rest)) => Some(rest.chars().take(3).collect::<String>()),
            _ => return self.note(ClassicNews::Misread(answer.into())),
        };
        let code = code.map(|code| code.parse().unwrap_or(0));
        self.note(ClassicNews::Answered { line, code });
    }

    async fn on_thought(&mut self, talk: &mut Talk) -> io::Result<()> {
        if let Some(until) = self.paused_until.filter(|until| *until > Instant::now()) {
            if let Some((at, _)) = &mut talk.thinks {
                *at = until.min(Instant::now() + Duration::from_millis(100));
            }
            return Ok(());
        }
        let words = match talk.thinks.take() {
            None => return Ok(()),
            Some((_, Reply::Received(from))) => {
                self.note(ClassicNews::Received);
                format!("RECEIVED {from}\n\n")
            }
            Some((_, Reply::Complaint)) => {
                self.note(ClassicNews::Complained);
                "ERROR 103 Header Incomplete\n\n".into()
            }
        };
        let written = timeout(PATIENCE, talk.receiving.stream.write_all(words.as_bytes())).await;
        written.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

impl Half {
    async fn read(&mut self, most: usize) -> io::Result<usize> {
        let mut buffer = [0; READ_BYTES];
        let length = self.stream.read(&mut buffer[..most]).await?;
        self.unread.extend_from_slice(&buffer[..length]);
        Ok(length)
    }

    /// A frame without a body. One who reads once takes all that there is for it.
    fn take_head(&mut self, reads_once: bool) -> Option<String> {
        let end = match reads_once {
            true if self.unread.is_empty() => return None,
            true => self.unread.len(),
            false => find(&self.unread, b"\n\n")? + 2,
        };
        let frame = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        self.unread.drain(..end);
        Some(
            frame
                .strip_suffix("\n\n")
                .map_or(frame.clone(), String::from),
        )
    }

    /// What has come for it.
    fn take_forward(&mut self, reads_once: bool) -> Forward {
        if self.unread.is_empty() {
            return Forward::Nothing;
        }
        let Some(body_at) = find(&self.unread, b"\n\n").map(|at| at + 2) else {
            return if reads_once {
                self.misread()
            } else {
                Forward::Nothing
            };
        };
        let head = String::from_utf8_lossy(&self.unread[..body_at]).into_owned();
        let Some((from, length)) = read_head(&head) else {
            return self.misread();
        };
        let end = if reads_once {
            self.unread.len()
        } else {
            body_at + length
        };
        if self.unread.len() < end {
            return Forward::Nothing;
        }
        let Ok(text) = String::from_utf8(self.unread[body_at..end].to_vec()) else {
            return self.misread();
        };
        self.unread.drain(..end);
        match reads_once && text.chars().count() != length {
            true => Forward::Miscounted,
            false => Forward::Whole(from, text),
        }
    }

    fn misread(&self) -> Forward {
        Forward::Misread(String::from_utf8_lossy(&self.unread).into_owned())
    }
}

/// From whom a `FORWARD` is, and its length.
fn read_head(head: &str) -> Option<(String, usize)> {
    let mut lines = head.lines();
    let from = lines.next()?.strip_prefix("FORWARD ")?;
    let length = lines.next()?.strip_prefix("Content-length: ")?;
    Some((from.into(), length.parse().ok()?))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
