//! The server's program: reads the command line, opens the port, minds the signals.
#![forbid(unsafe_code)]

#[path = "../verbatim/clean.rs"]
#[allow(dead_code, reason = "the client shows lines in more ways than one")]
mod clean;
mod commands;
mod control;
mod descriptors;
mod log;
mod options;
mod transcript;

use clap::Parser;
use options::{EngineKind, Options};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{Signal, SignalKind, signal};
use verbatim_core::id::{Epoch, StoreId};
use verbatim_core::limits::Limits;
use verbatim_core::now::Wall;
use verbatim_core::router::Config;
use verbatim_net::{Life, Server, ServerConfig, Tcp, Transport};

fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(options.verbosity())
        .with_target(false)
        .init();
    end_with_a_panic();
    let done = match &options.command {
        Some(command) => commands::carry_out(command, &options),
        None => options.check().and_then(|()| serve(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            tracing::error!("{}", trouble.text);
            ExitCode::from(trouble.code)
        }
    }
}

/// A panic says that what this program holds in memory is not what it should be. It ends at once then, wherever that was:
/// what was accepted is in the log, and the next start reads it anew.
fn end_with_a_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        tracing::error!(
            "this is a fault of verbatimd itself: it ends; please report what stands above, and start it again"
        );
        std::process::exit(8);
    }));
}

/// What went wrong, in one line, and the exit code for scripts.
pub(crate) struct Trouble {
    pub(crate) text: String,
    pub(crate) code: u8,
}

fn serve(options: &Options) -> Result<(), Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble {
            text: format!("cannot start the runtime: {error}"),
            code: 1,
        })?;
    tokio::task::LocalSet::new().block_on(&runtime, run(options))
}

async fn run(options: &Options) -> Result<(), Trouble> {
    let listener = Tcp.bind(options.listen).await.map_err(|error| Trouble {
        text: format!(
            "cannot listen on {}: {error}; choose another address with --listen, or port 0 for a free one",
            options.listen
        ),
        code: 3,
    })?;
    let address = Tcp.local_address(&listener);
    let address = address.map_err(|error| Trouble {
        text: format!("cannot tell the port: {error}"),
        code: 1,
    })?;
    let server = Server::new(config(options)?).map_err(|failure| log::trouble(&failure))?;
    // Before anybody hears that it listens, so that nobody's signal meets no ear.
    let told = tokio::task::spawn_local(mind_signals(server.clone(), Signals::listen()));
    let asked = control::listen(options, &server);
    announce(options, address);
    let ended = server.run(Tcp, listener).await;
    told.abort();
    drop(asked);
    ended.map_err(|failure| log::trouble(&failure))
}

#[expect(clippy::print_stdout, reason = "the one line that scripts wait for")]
fn announce(options: &Options, address: std::net::SocketAddr) {
    use std::io::Write;
    match options.engine {
        EngineKind::Disk => tracing::info!(
            "level disk: what is accepted survives the end of this program and a power cut, if the disk keeps its word"
        ),
        EngineKind::Memory => tracing::info!(
            "level memory: what is accepted survives broken connections, not the end of this program"
        ),
    }
    println!("listening on {address}");
    // Whoever waits for the line reads a pipe; if nobody does, serving is still right.
    let _ = std::io::stdout().flush();
}

fn config(options: &Options) -> Result<ServerConfig, Trouble> {
    let limits = log::bounds(options, Limits::default());
    let limits = descriptors::fit(limits, descriptors::raised());
    let tap = options
        .transcript
        .as_deref()
        .map(|path| transcript::begin(path, &limits))
        .transpose()?;
    let log = log::open(options, &limits)?;
    let Life { epoch, seed } = life();
    let router = Config {
        room: 0, // the log says how much
        limits,
        store: StoreId(rand::random()),
        hash_key: [rand::random(), rand::random()],
        epoch,
        seed,
        classic_ack: options.classic_ack.into(),
        level: log::level(options.engine),
    };
    Ok(ServerConfig {
        router,
        log,
        lives: Box::new(life),
        wall: wall_clock,
        tap,
    })
}

fn life() -> Life {
    Life {
        epoch: Epoch(rand::random()),
        seed: rand::random(),
    }
}

fn wall_clock() -> Wall {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Wall(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The signals that mean something.
struct Signals {
    term: Signal,
    int: Signal,
    status: Signal,
}

impl Signals {
    fn listen() -> Signals {
        let listen = |kind| signal(kind).expect("these signals can be handled on every Unix");
        Signals {
            term: listen(SignalKind::terminate()),
            int: listen(SignalKind::interrupt()),
            status: listen(SignalKind::user_defined1()),
        }
    }
}

/// SIGTERM and SIGINT end the server gracefully; SIGUSR1 prints its status on standard error.
async fn mind_signals(server: Server, signals: Signals) {
    let Signals {
        mut term,
        mut int,
        mut status,
    } = signals;
    loop {
        tokio::select! {
            biased;
            _ = term.recv() => return server.stop(),
            _ = int.recv() => return server.stop(),
            _ = status.recv() => print_status(&server),
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the operator asked for this line, whatever the log level is"
)]
fn print_status(server: &Server) {
    eprintln!("{}", control::status_line(server));
}
