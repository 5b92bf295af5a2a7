//! The command line as it was typed, and what it may not say.

use super::{Trouble, log};
use clap::{Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use verbatim_core::classic::AckVerb;
use verbatim_core::limits::Limits;

/// The least that a log may be told to hold: below it, what it keeps free would be most of it.
const LOG_BYTES_MIN: u64 = 8 << 20;

/// A chat server whose delivery can be trusted.
///
/// Without a command it serves. Signals: SIGTERM and SIGINT say goodbye to everybody and end with code 0; SIGUSR1 prints one line of status on
/// standard error. Exit codes: 0 ended by a signal, 1 the system refused something, 2 the command line, 3 the address,
/// 4 the log's directory or disk, 5 another process has the log, 6 the log is damaged or of a newer version, 7 the disk
/// did not sync, 8 a fault of this program, 9 there is no text to remove there.
#[derive(Debug, Parser)]
#[command(version, about, long_about)]
pub(crate) struct Options {
    /// What to do instead of serving
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8828", value_parser = parse_listen)]
    pub(crate) listen: SocketAddr,
    /// Where the log is kept
    #[arg(long, value_enum, default_value_t = EngineKind::Disk)]
    pub(crate) engine: EngineKind,
    /// The directory of the log; without this $STATE_DIRECTORY, else $XDG_STATE_HOME/verbatimd, else
    /// ~/.local/state/verbatimd
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// What the log may hold, for instance 500M or 20G (default: 8G on disk, 64M in memory). At least 8M: of it 1M is kept
    /// free of messages, so that names can always be taken and given up
    #[arg(long, value_name = "SIZE", value_parser = parse_log_max)]
    pub(crate) log_max: Option<u64>,
    /// Remove messages that are older than this, for instance 30d, 12h, 90m or 45s, unless somebody is still to be given
    /// them (without this: never)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) keep_for: Option<Duration>,
    /// Remove the oldest messages once the log holds more than this, unless somebody is still to be given them (without
    /// this: never on disk, beyond 4M in memory). At least 2M less than --log-max: a full log takes no messages
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) keep_max: Option<u64>,
    /// What may wait for one user who is away; beyond it senders are refused
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "8M")]
    pub(crate) owed_max: u64,
    /// The word that acknowledges a line on the classic level
    #[arg(long, value_enum, default_value_t = Ack::Auto)]
    pub(crate) classic_ack: Ack,
    /// Listen beyond loopback although anybody who reaches the port can take any free name
    #[arg(long)]
    pub(crate) allow_unauthenticated: bool,
    /// Write a transcript, every frame with its body, to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    /// Say more on standard error: -v connections, -vv everything
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// What an operator can ask for beside serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell where the log ends, with the hash that proves it, and what is in it. Of a running server too
    Status,
    /// Write an export of the log to standard output: one record a line, each with its hash
    Export,
    /// Check the log's chain of hashes, and an export against it
    Verify {
        /// A file with what `export` wrote, now or earlier
        export: Option<PathBuf>,
        /// A head that was noted down earlier, as `status` tells it: shows whether what came before it is still there
        #[arg(long, num_args = 2, value_names = ["SEQ", "HASH"])]
        head: Option<Vec<String>>,
    },
    /// Copy the log into a new file while the server runs. To restore it: end the server, put the file in the place of
    /// log.redb in its directory, start the server
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Remove the text of one message; its hash stays, so that the log still proves everything else. Of a running server too.
    /// Who has it already keeps it
    RemoveBody {
        /// The record, as `export` numbers it
        seq: u64,
    },
}

/// The engines that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineKind {
    /// On the disk: what was accepted survives anything but the loss of the disk
    Disk,
    /// In memory: a restart forgets everything
    Memory,
}

/// The acknowledging words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ack {
    /// Told from the way a program registers
    Auto,
    /// Always SENT
    Sent,
    /// Always SEND
    Send,
}

impl From<Ack> for AckVerb {
    fn from(ack: Ack) -> AckVerb {
        match ack {
            Ack::Auto => AckVerb::Auto,
            Ack::Sent => AckVerb::Sent,
            Ack::Send => AckVerb::Send,
        }
    }
}

/// An address and a port. A name is none: it may stand for several addresses, and for others tomorrow.
fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "an address and a port in numbers are expected, ADDRESS:PORT, for instance 127.0.0.1:8828 or [::1]:8828".into()
    })
}

/// A time: digits, and s, m, h or d behind them.
fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err("a time is digits, and s, m, h or d behind them".into()),
    };
    let number: Option<u64> = digits.parse().ok().filter(|number| *number > 0);
    // A hundred years, so that it can be counted in microseconds too.
    let longest = 100 * 366 * 24 * 60 * 60;
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|seconds| *seconds <= longest)
        .map(Duration::from_secs)
        .ok_or_else(|| "a time is from 1s to a hundred years".into())
}

/// A number of bytes: digits, and perhaps K, M, G or T behind them.
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 0,
        "K" | "KIB" => 10,
        "M" | "MIB" => 20,
        "G" | "GIB" => 30,
        "T" | "TIB" => 40,
        _ => return Err("a size is digits, and perhaps K, M, G or T".into()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "a size is digits, and perhaps K, M, G or T")?;
    number
        .checked_shl(shift)
        .filter(|size| size >> shift == number && *size >= 1 << 20)
        .ok_or_else(|| "a size of at least 1M is expected, and one that a disk can have".into())
}

/// A log in which messages find room for real.
fn parse_log_max(text: &str) -> Result<u64, String> {
    let size = parse_size(text)?;
    match size >= LOG_BYTES_MIN {
        true => Ok(size),
        false => Err(
            "a log of at least 8M is expected: 1M of it is kept free of messages, so that names can always be taken and \
             given up"
                .into(),
        ),
    }
}

impl Options {
    pub(crate) fn verbosity(&self) -> LevelFilter {
        match self.verbose {
            0 => LevelFilter::INFO,
            1 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        }
    }

    /// What the command line may not say.
    pub(crate) fn check(&self) -> Result<(), Trouble> {
        if self.data.is_some() && self.engine == EngineKind::Memory {
            tracing::warn!("--data is not used: the engine memory keeps nothing on disk");
        }
        self.check_room()?;
        if self.listen.ip().is_loopback() || self.allow_unauthenticated {
            return Ok(());
        }
        let text = format!(
            "{} can be reached from other machines, and there is no authentication yet: anybody there could take any \
             free name; add --allow-unauthenticated if that is what you want, or listen on 127.0.0.1",
            self.listen
        );
        Err(Trouble { text, code: 2 })
    }

    /// A log that is full before anything may be removed would take no message any more.
    fn check_room(&self) -> Result<(), Trouble> {
        let limits = log::bounds(self, Limits::default());
        let between = 2 * limits.log_reserve_bytes;
        let most = limits.log_bytes_max.saturating_sub(between);
        match self.keep_max.filter(|keeps| *keeps > most) {
            None => Ok(()),
            Some(keeps) => Err(Trouble {
                text: format!(
                    "--keep-max keeps {} MiB, and the log may hold {} MiB (--log-max): it would be full before anything \
                     is removed. Keep at least {} MiB less than it may hold",
                    keeps >> 20,
                    limits.log_bytes_max >> 20,
                    between >> 20
                ),
                code: 2,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_room_for_more_than_it_keeps_free() {
        assert_eq!(parse_log_max("8M"), Ok(8 << 20));
        for wrong in ["1M", "7M", "8", "soon"] {
            assert!(parse_log_max(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_is_less_than_what_the_log_may_hold() {
        let check = |words: &[&str]| {
            let words = [&["verbatimd"], words].concat();
            Options::try_parse_from(words).unwrap().check()
        };
        for good in [
            &["--log-max", "8M", "--keep-max", "6M"][..],
            &["--keep-max", "7G"],
            &["--log-max", "8M"],
        ] {
            assert!(check(good).is_ok(), "{good:?}");
        }
        for wrong in [
            &["--log-max", "1G", "--keep-max", "20G"][..],
            &["--log-max", "1G", "--keep-max", "1G"],
            &["--keep-max", "8G"],
            &["--engine", "memory", "--keep-max", "64M"],
        ] {
            assert_eq!(check(wrong).unwrap_err().code, 2, "{wrong:?}");
        }
    }
}
