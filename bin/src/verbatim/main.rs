//! The client's program: reads the command line, decides between terminal and filter, runs the client beside it.
#![forbid(unsafe_code)]

mod chat;
mod clean;
mod device;
mod filter;
mod input;
mod line;
mod options;
mod printer;
mod store;
mod tally;
mod words;

use clap::Parser;
use device::{Device, News};
use filter::{Pipes, say};
use options::Options;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use tally::Ending;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::level_filters::LevelFilter;
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
    let mut greeting = Vec::new();
    let (mut device, config) = Device::open(options, stores, news, &mut |why| greeting.push(why))?;
    let forgets = !config.keeps_store;
    let client = async {
        let ended = if options.classic {
            run_classic_client(&Tcp, &options.server, config, asked, &mut device).await;
            Ok(())
        } else {
            run_client(&Tcp, &options.server, config, asked, &mut device).await
        };
        // The front ends when nobody can send it news any more.
        device.hang_up();
        ended.map(|()| device)
    };
    let stop = stop_signal()?;
    let front = async {
        if on_terminal {
            chat::run(options, forgets, requests, told, greeting, stop).await
        } else {
            greeting.iter().for_each(|why| say(why));
            run_filter(options, forgets, requests, told, stop).await
        }
    };
    let (device, (ending, forgotten)) = tokio::join!(client, front);
    device?.close(forgotten)?;
    Ok(ending)
}

/// The program without a terminal: the filter, and beside it what writes to standard output, which may be slow.
async fn run_filter(
    options: &Options,
    forgets: bool,
    requests: UnboundedSender<Request>,
    news: UnboundedReceiver<News>,
    stop: impl Future<Output = ()>,
) -> (Ending, bool) {
    let (to_print, messages) = unbounded_channel();
    let (printed, wrote) = unbounded_channel();
    tokio::spawn(printer::run(tokio::io::stdout(), messages, printed));
    let pipes = Pipes {
        requests,
        news,
        to_print,
        printed: wrote,
    };
    filter::run(options, forgets, pipes, stop).await
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
