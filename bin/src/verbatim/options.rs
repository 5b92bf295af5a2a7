//! The command line as it was typed.

use clap::Parser;
use std::time::Duration;
use verbatim_core::name::Name;

/// The port when none is given.
const PORT: u16 = 8828;

/// A chat client whose delivery is checked.
///
/// A line goes to one user (`@bob: hi` or `@bob hi`) or to everybody (`@ALL: hi`). On a terminal, each of your lines
/// shows what became of it.
///
/// Without a terminal (or with --plain) it is a filter: lines in on standard input, messages out on standard output
/// as `sender: body` (`sender -> ALL: body` for one to everybody; control characters and line breaks in a body are
/// shown as `\n`, `\u{1b}` and the like). States of lines and troubles go to standard error. At the end of the input
/// it waits until every line is accepted or rejected, at most --wait seconds, and ends. To listen without sending:
/// `verbatim bob --follow < /dev/null`.
///
/// On a terminal (and with --store) a store keeps what was said and what has not gone out, in
/// $XDG_STATE_HOME/verbatim, or ~/.local/state/verbatim: lines typed while the server is away are kept when the program
/// ends and go out next time, and a program that was killed comes back as the same device and misses nothing.
///
/// What was said earlier (--history, /history) comes from the store, and what is older, or where there is no store, from
/// the server: what was said to everybody, also before you came, and what was said between you and somebody who is there
/// now. Without a terminal such a line is written with its time before it, and own lines as
/// `2026-01-31T12:00:00Z alice -> bob: body`.
#[derive(Clone, Debug, Parser)]
#[command(name = "verbatim", version, about, long_about, after_long_help = EXIT_CODES, after_help = MORE)]
pub(crate) struct Options {
    /// Your name: 1 to 32 letters and digits
    #[arg(value_name = "USERNAME", value_parser = parse_name)]
    pub(crate) user: Name,
    /// The server, as host or host:port
    #[arg(value_name = "SERVER", default_value = "127.0.0.1:8828", value_parser = parse_server)]
    pub(crate) server: String,
    /// Behave as without a terminal: lines in, plain lines out
    #[arg(long)]
    pub(crate) plain: bool,
    /// At the end, wait at most this long for the answers to your lines
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub(crate) wait: Duration,
    /// Without a terminal: go on listening after the end of the input, until a signal comes
    #[arg(long)]
    pub(crate) follow: bool,
    /// Be a throw-away device: keep nothing, and give the name up at the end (the default without a terminal)
    #[arg(long)]
    pub(crate) no_store: bool,
    /// Keep a store also without a terminal: this device's identity, what was said, and lines that have not gone out
    #[arg(long, conflicts_with = "no_store")]
    pub(crate) store: bool,
    /// Begin with so many of the last lines (20 on a terminal, none without one): those in the store, and before them, from
    /// the server, what was said to everybody
    #[arg(long, value_name = "LINES", conflicts_with = "classic", value_parser = parse_lines)]
    pub(crate) history: Option<usize>,
    /// Speak the classic protocol (REGISTER, SEND, FORWARD), for servers that know nothing else; without this it is
    /// tried when a server shows that. Nothing is kept, and a line is answered or unknown
    #[arg(long, conflicts_with_all = ["store", "no_store"])]
    pub(crate) classic: bool,
    /// Give a line up if it could not be sent for this long
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) expire: Option<Duration>,
    /// If another device holds the name, ask again until it is free
    #[arg(long)]
    pub(crate) wait_for_name: bool,
    /// Without a terminal: say nothing of lines that were accepted
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Say on standard error what the client does: -v the link, -vv every step (never a body)
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

const MORE: &str = "Exit codes and more: verbatim --help";

const EXIT_CODES: &str = "\
Exit codes (the first that applies):
  2  the command line is wrong
  1  the system refused something, for instance to write the store or to read the input
  6  the server refused this client: the name is taken, or the session was taken over
  7  the server was never reached, and lines or questions (/who, /history, --history) were waiting for it
  5  some line or question had no answer at the end of the wait, or a line is unknown, or expired
  3  some line was rejected
  4  some line of the input is no message and no command
  0  every line was accepted (with --classic: acknowledged); also when the reader of standard output went away, or a signal asked for the end

With a store, a line without an answer is kept: it goes out, or is settled, next time. The code is 5 or 7 all the same.

Commands, each on a line of its own: /who, /history [NAME] [LINES], /withdraw [NUMBER], /return, /forget, /quit, /help";

fn parse_name(text: &str) -> Result<Name, String> {
    Name::parse(text.as_bytes()).map_err(|bad| bad.text().into())
}

fn parse_lines(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| "a number of lines is expected, for instance 20".into())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "a number of seconds is expected, for instance 2.5")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "a time from now on is expected".into())
}

/// Adds the port where it is missing. An IPv6 address may stand with or without brackets.
fn parse_server(text: &str) -> Result<String, String> {
    let clean = |c: char| c.is_ascii_alphanumeric() || ".-_:[]%".contains(c);
    if text.is_empty() || !text.chars().all(clean) {
        return Err("a host, or host:port, is expected".into());
    }
    let colons = text.matches(':').count();
    let port_is_there = match text.rsplit_once(']') {
        Some((_, rest)) => rest.starts_with(':'),
        None => colons == 1,
    };
    if port_is_there {
        let port = text
            .rsplit(':')
            .next()
            .and_then(|port| port.parse::<u16>().ok());
        return match port {
            Some(1..) => Ok(text.into()),
            _ => Err("a port is a number from 1 to 65535".into()),
        };
    }
    match colons > 1 && !text.starts_with('[') {
        true => Ok(format!("[{text}]:{PORT}")),
        false => Ok(format!("{text}:{PORT}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_server_gets_the_default_port() {
        for (typed, meant) in [
            ("localhost", "localhost:8828"),
            ("localhost:9", "localhost:9"),
            ("::1", "[::1]:8828"),
            ("[::1]", "[::1]:8828"),
            ("[::1]:9", "[::1]:9"),
        ] {
            assert_eq!(parse_server(typed).as_deref(), Ok(meant));
        }
        for wrong in ["", "host:", "host:0", "host:70000", "a b", "a/b", "host:x"] {
            assert!(parse_server(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lines_are_counted() {
        assert_eq!(parse_lines("0"), Ok(0));
        for wrong in ["abc", "-1", "2.5", ""] {
            let why = parse_lines(wrong).unwrap_err();
            assert!(why.contains("for instance 20"), "{why}");
        }
    }

    #[test]
    fn seconds_may_be_broken_and_not_negative() {
        assert_eq!(parse_seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["-1", "nan", "inf", "soon"] {
            assert!(parse_seconds(wrong).is_err(), "{wrong}");
        }
    }
}
