//! The client of the classic level, with bytes by hand: ways to register, answers, refusals, ends.

#[path = "classic_client/answers.rs"]
mod answers;
#[path = "classic_client/lines.rs"]
mod lines;
#[path = "classic_client/time.rs"]
mod time;

use std::time::Duration;
use verbatim_core::classic::Side;
use verbatim_core::client::{ClassicClient, ClassicInput, ClassicOutput, Config, LineId};
use verbatim_core::id::{DeviceId, Seq};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::{Mono, Now, Wall};

struct Bench {
    client: ClassicClient,
    millis: u64,
}

impl Bench {
    fn new() -> Bench {
        let user = Name::parse(b"ann").expect("a name");
        let config = Config::throw_away(user, DeviceId::new([7; 16]), 1);
        Bench {
            client: ClassicClient::new(config),
            millis: 0,
        }
    }

    /// Registered with a server that answers like the seed.
    fn online() -> Bench {
        let mut bench = Bench::new();
        bench.connect();
        bench.register();
        assert_eq!(bench.pass(100), [""; 0]);
        bench
    }

    fn connect(&mut self) {
        let out = self.input(ClassicInput::Timeout);
        assert_eq!(out, ["connect TOSEND", "connect TORECV"]);
        assert_eq!(self.input(ClassicInput::Connected(Side::Receive)), [""; 0]);
        let out = self.input(ClassicInput::Connected(Side::Send));
        assert_eq!(out, [r"TOSEND> REGISTER TOSEND ann\n\n"]);
    }

    fn register(&mut self) {
        let out = self.hears(Side::Send, "REGISTERED TOSEND ann\n\n");
        assert_eq!(out, [r"TORECV> REGISTER TORECV ann\n\n"]);
        let out = self.hears(Side::Receive, "REGISTERED TORECV ann\n\n");
        assert!(out[0].starts_with("online"));
    }

    fn input(&mut self, input: ClassicInput<'_>) -> Vec<String> {
        let mono = Mono::from_millis(self.millis);
        let now = Now {
            mono,
            wall: Wall(self.millis),
        };
        let mut out = Vec::new();
        self.client.handle(now, input, &mut out);
        assert!(self.client.deadline().is_none_or(|due| due > mono));
        out.iter().map(words).collect()
    }

    fn hears(&mut self, side: Side, bytes: &str) -> Vec<String> {
        self.input(ClassicInput::Received(side, bytes.as_bytes()))
    }

    fn types(&mut self, line: u64, to: &str, body: &str) -> Vec<String> {
        let out = self.input(ClassicInput::Submit {
            line: LineId(line),
            to: Recipient::parse(to.as_bytes()).expect("a name or ALL"),
            body,
            age_max: None,
        });
        let routine = |word: &String| word.ends_with(" queued") || word.ends_with(" sent");
        out.into_iter().filter(|word| !routine(word)).collect()
    }

    fn pass(&mut self, millis: u64) -> Vec<String> {
        let end = self.millis + millis;
        let mut out = Vec::new();
        while let Some(due) = self.client.deadline()
            && due.micros().div_ceil(1000) <= end
        {
            self.millis = self.millis.max(due.micros().div_ceil(1000));
            out.extend(self.input(ClassicInput::Timeout));
        }
        self.millis = end;
        out
    }
}

fn words(output: &ClassicOutput) -> String {
    match output {
        ClassicOutput::Send(side, bytes) => {
            let text = String::from_utf8_lossy(bytes).replace('\n', r"\n");
            format!("{}> {text}", side.word())
        }
        ClassicOutput::Deliver(message) => format!("{}: {}", message.from, message.body),
        other => other.to_string(),
    }
}

#[test]
fn one_line_at_a_time_is_sent_and_acknowledged() {
    let mut bench = Bench::online();
    let out = bench.types(1, "bob", "hi");
    assert_eq!(out, [r"TOSEND> SEND bob\nContent-length: 2\n\nhi"]);
    assert_eq!(bench.types(2, "bob", "you"), [""; 0]);
    // With any name, in either word, on either connection.
    let out = bench.hears(Side::Receive, "SENT somebody\n \n");
    assert_eq!(
        out,
        [
            "#1 acknowledged",
            "#2 sent",
            r"TOSEND> SEND bob\nContent-length: 3\n\nyou"
        ]
    );
    let out = bench.hears(Side::Send, "ERROR 102 Unable to send\n");
    assert_eq!(out, ["#2 rejected: 102 Unable to send"]);
}

#[test]
fn a_line_is_acknowledged_when_it_is_written_where_the_user_reads() {
    let mut bench = Bench::online();
    let out = bench.hears(Side::Receive, "FORWARD bob\n Content-length 2\n \nhi");
    assert_eq!(out, ["bob: hi"]);
    let out = bench.input(ClassicInput::Kept(Seq(1)));
    assert_eq!(out, [r"TORECV> RECEIVED bob\n \n"]);
    assert_eq!(bench.input(ClassicInput::Kept(Seq(1))), [""; 0]);
    let out = bench.hears(Side::Receive, "FORWARD bob\n\nhi");
    assert_eq!(out, [r"TORECV> ERROR 103 Header Incomplete\n\n"]);
}

#[test]
fn a_server_that_refuses_a_good_name_is_asked_in_other_ways() {
    let mut bench = Bench::new();
    bench.connect();
    for (refusal, side, register) in [
        (
            "ERROR 101 No user registered \n \n",
            Side::Receive,
            r"TORECV> REGISTER TORECV ann\n\n",
        ),
        (
            "ERROR 100 Malformed username",
            Side::Send,
            r"TOSEND> REGISTER TOSEND ann\n \n",
        ),
    ] {
        let asked = if side == Side::Receive {
            Side::Send
        } else {
            Side::Receive
        };
        let mut out = bench.hears(asked, refusal);
        out.extend(bench.pass(500));
        let again = [
            "disconnect TOSEND",
            "disconnect TORECV",
            "connect TOSEND",
            "connect TORECV",
        ];
        assert_eq!(out, again);
        bench.input(ClassicInput::Connected(Side::Send));
        let out = bench.input(ClassicInput::Connected(Side::Receive));
        assert_eq!(out, [register]);
    }
    let out = bench.hears(Side::Send, "REGISTERED TOSEND ann\n \n");
    assert_eq!(out, [r"TORECV> REGISTER TORECV ann\n \n"]);
    bench.hears(Side::Receive, "REGISTERED TORECV ann\n \n");
    bench.pass(100);
    let out = bench.types(1, "bob", "hi");
    assert_eq!(out, [r"TOSEND> SEND bob\nContent-length: 2\n \nhi"]);
}

#[test]
fn a_taken_name_is_told() {
    let mut bench = Bench::new();
    bench.connect();
    let out = bench.hears(Side::Send, "ERROR 104 Username taken\n\n");
    assert_eq!(out[2], "away: another device holds the name");
}

#[test]
fn a_line_that_is_counted_in_another_way_there_is_sent_once_more() {
    let mut bench = Bench::online();
    let out = bench.types(1, "bob", "\u{e9}");
    assert_eq!(out, ["TOSEND> SEND bob\\nContent-length: 2\\n\\n\u{e9}"]);
    let out = bench.hears(Side::Send, "ERROR 103 Header Incomplete\n\n");
    assert_eq!(out, ["#1 queued"]);
    let out = bench.pass(100);
    assert_eq!(
        out,
        [
            "#1 sent",
            "TOSEND> SEND bob\\nContent-length: 1\\n\\n\u{e9}"
        ]
    );
    let out = bench.hears(Side::Send, "SEND bob\n\n");
    assert_eq!(out, ["#1 acknowledged"]);
    let out = bench.types(2, "bob", "\u{e9}");
    assert_eq!(
        out,
        ["TOSEND> SEND bob\\nContent-length: 1\\n\\n\u{e9}"],
        "and it is remembered"
    );
    bench.hears(Side::Send, "ERROR 103 Header Incomplete\n\n");
    bench.pass(100);
    let out = bench.hears(Side::Send, "ERROR 103 Header Incomplete\n\n");
    assert_eq!(
        out,
        ["#2 rejected: 103 Header incomplete"],
        "but not for ever"
    );
}

#[test]
fn a_line_that_nobody_answers_is_unknown_and_another_connection_is_tried() {
    let mut bench = Bench::online();
    bench.types(1, "bob", "hi");
    bench.types(2, "bob", "later");
    assert_eq!(bench.pass(29_999), [""; 0]);
    let out = bench.pass(1);
    assert_eq!(
        out[..3],
        ["#1 unknown", "disconnect TOSEND", "disconnect TORECV"]
    );
    assert_eq!(out[3], "offline: the server is silent");
    let out = bench.pass(250);
    assert_eq!(out, ["connect TOSEND", "connect TORECV"]);
}

#[test]
fn when_a_connection_ends_what_was_under_way_is_unknown_and_the_rest_waits() {
    let mut bench = Bench::online();
    bench.types(1, "bob", "hi");
    bench.types(2, "bob", "later");
    let out = bench.input(ClassicInput::Disconnected(Side::Receive, "reset"));
    assert_eq!(
        out[..3],
        ["#1 unknown", "disconnect TOSEND", "disconnect TORECV"]
    );
    let out = bench.input(ClassicInput::Leave);
    assert_eq!(out, ["#2 withdrawn", "done"]);
}

#[test]
fn an_error_that_comes_with_the_end_is_read_first() {
    let mut bench = Bench::online();
    bench.types(1, "bob", "hi");
    assert_eq!(bench.hears(Side::Send, "ERROR 102 Unable to send"), [""; 0]);
    let out = bench.input(ClassicInput::Disconnected(Side::Send, "closed"));
    assert_eq!(out[0], "#1 rejected: 102 Unable to send");
}

#[test]
fn a_long_line_goes_in_pieces_that_are_read_at_once() {
    let mut bench = Bench::online();
    let body = "\u{e9}".repeat(900);
    let mut out = bench.types(1, "bob", &body);
    let mut pieces = 0;
    let mut text = String::new();
    while let [sent] = &out[..]
        && let Some((_, piece)) = sent.rsplit_once(r"\n\n")
    {
        assert!(sent.len() <= Limits::default().classic_forward_bytes_max + 20);
        text.push_str(piece);
        pieces += 1;
        out = bench.hears(Side::Send, "SENT bob\n\n");
    }
    assert_eq!((text, pieces), (body, 2));
    assert_eq!(out, ["#1 acknowledged"]);
    // Of a line that arrived in part nobody can say that it was refused.
    bench.types(2, "bob", &"x".repeat(1_500));
    bench.hears(Side::Send, "SENT bob\n\n");
    let out = bench.hears(Side::Send, "ERROR 102 Unable to send\n\n");
    assert_eq!(out, ["#2 unknown"]);
}

#[test]
fn one_line_to_all_may_be_acknowledged_by_each() {
    let mut bench = Bench::online();
    bench.types(1, "ALL", "hi");
    bench.types(2, "bob", "next");
    assert_eq!(
        bench.hears(Side::Send, "SEND ann\n \n"),
        ["#1 acknowledged"]
    );
    assert_eq!(bench.hears(Side::Send, "SEND ann\n \n"), [""; 0]);
    let out = bench.pass(100);
    assert_eq!(out[0], "#2 sent", "once no more acknowledgements come");
}

#[test]
fn everybody_has_another_word_there() {
    let mut bench = Bench::online();
    let out = bench.types(1, "ALL", "hi");
    assert_eq!(out, [r"TOSEND> SEND ALL\nContent-length: 2\n\nhi"]);
    let out = bench.hears(Side::Send, "ERROR 102 Unable to send\n\n");
    assert_eq!(out[2], r"TOSEND> SEND all\nContent-length: 2\n\nhi");
    assert_eq!(bench.hears(Side::Send, "SEND all\n\n"), ["#1 acknowledged"]);
    bench.pass(100);
    let out = bench.types(2, "ALL", "hi");
    assert_eq!(out, [r"TOSEND> SEND all\nContent-length: 2\n\nhi"]);
}

#[test]
fn nothing_that_a_server_says_stops_it() {
    for seed in 0..2_000u64 {
        let mut bench = Bench::online();
        bench.types(1, "bob", "hi");
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut roll = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        let parts = [
            "FORWARD ",
            "bob",
            "\n",
            " ",
            "Content-length: ",
            "5",
            "hello",
            "SENT ",
            "ERROR ",
            "102",
            "\u{1f980}",
            "REGISTERED ",
            "\n\n",
            "99999999999999999999",
            "\0",
        ];
        for _ in 0..30 {
            let side = [Side::Send, Side::Receive][roll(2)];
            match roll(8) {
                0 => drop(bench.pass(roll(700) as u64)),
                1 => drop(bench.input(ClassicInput::Kept(Seq(roll(9) as u64)))),
                2 => drop(bench.input(ClassicInput::Connected(side))),
                _ => {
                    let mut bytes = parts[roll(parts.len())].as_bytes().to_vec();
                    bytes.truncate(1 + roll(20));
                    bench.input(ClassicInput::Received(side, &bytes));
                }
            }
        }
        let begun = std::time::Instant::now();
        bench.input(ClassicInput::Leave);
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}
