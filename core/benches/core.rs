//! What the core alone costs: decode, route, append, encode, answer, deliver, ack; no network, no engine.
//!
//! `cargo bench -p verbatim-core` prints nanoseconds (median of rounds) and allocations per message. One message is one
//! `SEND` that is decoded, appended, accepted and delivered with both frames encoded, and acked (once per batch).

use std::collections::VecDeque;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;
use verbatim_core::classic::AckVerb;
use verbatim_core::id::{ConnId, DeviceId, Epoch, MessageId, Seq, StoreId, Try};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::record::Record;
use verbatim_core::router::{Config, Input, Output, Router};
use verbatim_core::wire::{ClientFrame, Credit, Durability, Hello, Place, encode_client};

const ROUNDS: usize = 9;
const MESSAGES: u64 = 64 * 2_000;
const KEPT: usize = 4_096;
const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);

#[expect(clippy::print_stdout, reason = "what it measured is what it is for")]
fn main() {
    for batch in [1, 8, 64] {
        let mut bench = Bench::new();
        let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| bench.round(batch)).collect();
        rounds.sort_by(f64::total_cmp);
        let counted = allocation_counter::measure(|| {
            bench.round(batch);
        });
        let allocations = counted.count_total as f64 / MESSAGES as f64;
        let ns = rounds[ROUNDS / 2];
        println!(
            "{{\"bench\":\"core\",\"batch\":{batch},\"bytes\":100,\"messages\":{MESSAGES},\"rounds\":{ROUNDS},\
             \"ns_per_message\":{ns:.1},\"allocations_per_message\":{allocations:.3}}}"
        );
    }
}

/// A router with two sessions, and the smallest driver that is one: it commits at once and writes to nowhere.
struct Bench {
    router: Router,
    now: Now,
    id: u64,
    log: VecDeque<Record>,
    outputs: Vec<Output>,
    written: [Vec<u8>; 2],
    bytes: Vec<u8>,
}

impl Bench {
    fn new() -> Bench {
        let limits = Limits {
            log_bytes_max: u64::MAX,
            ..Limits::default()
        };
        let config = Config {
            room: u64::MAX / 2,
            limits,
            store: StoreId(1),
            epoch: Epoch(1),
            seed: 1,
            hash_key: [1, 2],
            classic_ack: AckVerb::Auto,
            level: Durability::Memory,
        };
        let now = Now {
            mono: Mono::ZERO,
            wall: Wall(1_700_000_000_000),
        };
        let mut outputs = Vec::new();
        let router = Router::new(config, now, &mut outputs);
        let (log, written) = (VecDeque::new(), [Vec::new(), Vec::new()]);
        let mut bench = Bench {
            router,
            now,
            id: 0,
            log,
            outputs,
            written,
            bytes: Vec::new(),
        };
        bench.carry_out();
        bench.hello(ALICE, "alice", 1);
        bench.hello(BOB, "bob", 2);
        bench
    }

    fn hello(&mut self, conn: ConnId, name: &str, device: u8) {
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.handle(Input::Opened { conn, from });
        let hello = Hello {
            user: Name::parse(name.as_bytes()).expect("a name"),
            device: DeviceId::new([device; 16]),
            attempt: Try(1),
            keep: false,
            place: Place::New,
            accepted: None,
            delivered: Seq(0),
            credit: Credit {
                deliveries: 256,
                bytes: 1 << 20,
            },
        };
        self.say(conn, &[ClientFrame::Hello(Box::new(hello))]);
    }

    fn say(&mut self, conn: ConnId, frames: &[ClientFrame<'_>]) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        frames
            .iter()
            .for_each(|frame| encode_client(frame, &mut bytes));
        self.handle(Input::Received {
            conn,
            bytes: &bytes,
        });
        self.bytes = bytes;
    }

    fn handle(&mut self, input: Input<'_>) {
        self.now.mono = Mono::from_micros(self.now.mono.micros() + 1);
        self.router.handle(self.now, input, &mut self.outputs);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        loop {
            let mut committed = None;
            let mut outputs = std::mem::take(&mut self.outputs);
            for output in outputs.drain(..) {
                match output {
                    Output::Append(record) => {
                        committed = Some(record.seq);
                        self.log.push_back(record);
                        if self.log.len() > KEPT {
                            self.log.pop_front();
                        }
                    }
                    Output::Send { conn, frame } => {
                        frame.encode(&mut self.written[conn.0 as usize]);
                    }
                    other => drop(black_box(other)),
                }
            }
            self.outputs = outputs;
            let Some(seq) = committed else { return };
            let room = u64::MAX / 2;
            self.router
                .handle(self.now, Input::Committed { seq, room }, &mut self.outputs);
        }
    }

    /// Sends all messages in batches and tells how many nanoseconds each took.
    fn round(&mut self, batch: u64) -> f64 {
        let (bob, body) = (Recipient::parse(b"bob").expect("a name"), "x".repeat(100));
        let mut frames = Vec::new();
        let mut spent = 0;
        for _ in 0..MESSAGES / batch {
            frames.clear();
            for _ in 0..batch {
                self.id += 1;
                let frame = ClientFrame::Send {
                    to: bob,
                    id: MessageId(self.id),
                    body: &body,
                };
                encode_client(&frame, &mut frames);
            }
            let started = Instant::now();
            self.handle(Input::Received {
                conn: ALICE,
                bytes: &frames,
            });
            let seq = self.log.back().expect("messages were appended").seq;
            self.say(BOB, &[ClientFrame::Ack(seq)]);
            for conn in [ALICE, BOB] {
                let bytes = self.written[conn.0 as usize].len();
                self.handle(Input::Written { conn, bytes });
                self.written[conn.0 as usize].clear();
            }
            spent += started.elapsed().as_nanos();
        }
        spent as f64 / MESSAGES as f64
    }
}
