//! The client's program: reads the command line, decides between terminal and filter, runs the client beside it.
#![forbid(unsafe_code)]

mod chat;
mod clean;
mod clock;
mod device;
mod feed;
mod filter;
mod input;
mod line;
mod options;
mod printer;
mod recall;
mod tally;
mod words;

use clap::Parser;
use device::{Beginning, Device, EARLIER, News};
use filter::{Pipes, say};
use line::HISTORY_LINES;
use options::Options;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use tally::Ending;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::level_filters::LevelFilter;
use verbatim_core::client::LineId;
use verbatim_net::{Request, Tcp, run_classic_client, run_client};

fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(match options.verbose {
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        })
        .with_target(false)
        .without_time()
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime.and_then(|runtime| {
        let ended = runtime.block_on(run(&options));
        // A thread may sit in a read of standard input for ever.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(ending) => ending.into(),
        Err(error) => {
            say(&error.to_string());
            Ending::Trouble.into()
        }
    }
}

async fn run(options: &Options) -> io::Result<Ending> {
    let on_terminal = io::stdin().is_terminal() && io::stdout().is_terminal() && !options.plain;
    let stores = options.store || (on_terminal && !options.no_store && !options.classic);
    let (requests, asked) = unbounded_channel();
    let (news, told) = unbounded_channel();
    // On a terminal the lines of earlier runs are shown as if they were of this one.
    let begins = match on_terminal {
        true => (LineId(1), options.history.unwrap_or(HISTORY_LINES)),
        false => (EARLIER, options.history.unwrap_or(0)),
    };
    let (mut device, config, begin) = Device::open(options, stores, begins, news)?;
    let (stored, forgets) = (begin.stores, !config.keeps_store);
    let client = async {
        if options.classic {
            run_classic_client(&Tcp, &options.server, config, asked, &mut device).await;
        } else {
            run_client(&Tcp, &options.server, config, asked, &mut device).await;
        }
        // The front ends when nobody can send it news any more.
        device.hang_up();
        device
    };
    let stop = stop_signal()?;
    let front = async {
        if on_terminal {
            chat::run(options, forgets, requests, told, begin, stop).await
        } else {
            run_filter(options, forgets, (requests, told), begin, stop).await
        }
    };
    let (device, ended) = tokio::join!(client, front);
    let closed = device.close(ended.forgets);
    if stored {
        let left = words::left(ended.left, closed.is_ok());
        left.iter().for_each(|said| say(said));
    }
    closed.map(|()| ended.ending)
}

/// How a front ended.
struct Ended {
    ending: Ending,
    /// Whether the name was to be given up.
    forgets: bool,
    /// Lines without an answer: how many never went out, and how many did.
    left: (usize, usize),
}

/// The program without a terminal: the filter, and beside it what writes to standard output, which may be slow.
async fn run_filter(
    options: &Options,
    forgets: bool,
    (requests, news): (UnboundedSender<Request>, UnboundedReceiver<News>),
    begin: Beginning,
    stop: impl Future<Output = ()>,
) -> Ended {
    let (to_print, prints) = unbounded_channel();
    let (printed, wrote) = unbounded_channel();
    let user = options.user;
    tokio::spawn(printer::run(tokio::io::stdout(), user, prints, printed));
    let pipes = Pipes {
        requests,
        news,
        to_print,
        printed: wrote,
    };
    filter::run(options, forgets, pipes, begin, stop).await
}

/// Comes with the first SIGINT, SIGTERM or SIGHUP.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            biased;
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
