//! What an operator asks of a log beside serving it.

mod ask;
mod emptied;
mod export;
mod lines;
mod remove_body;
mod verify;

use super::Trouble;
pub(crate) use remove_body::answer as answer_remove_body;

use super::control;
use super::log::{directory, free, trouble};
use super::options::{Command, EngineKind, Options};
use ask::ask;
use lines::Names;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use verbatim_core::record::What;
use verbatim_net::engine::disk::{Checked, FileMedium, Found, Proof, check};
use verbatim_net::engine::{Failure, Fault};

/// Carries a command out.
///
/// # Errors
/// What went wrong, with the exit code.
pub(crate) fn carry_out(command: &Command, options: &Options) -> Result<(), Trouble> {
    if options.engine == EngineKind::Memory && !matches!(command, Command::RemoveBody { .. }) {
        return Err(Trouble {
            text: "a log in memory is only in its server: SIGUSR1 makes that print its status, and there is nothing else \
                   to ask for. For a log on disk leave out --engine"
                .into(),
            code: 2,
        });
    }
    let directory = directory(options)?;
    match command {
        Command::Status => status(&directory),
        Command::Export => export::export(&directory),
        Command::Verify { export, head } => {
            let head = head.as_deref().map(verify::Noted::parse).transpose()?;
            verify::verify(&directory, export.as_deref(), head)
        }
        Command::Backup { file } => backup(&directory, file),
        Command::RemoveBody { seq } => remove_body::remove_body(&directory, options.engine, *seq),
    }
}

/// The log of a directory, which no server may have now.
fn medium(directory: &Path) -> Result<FileMedium, Trouble> {
    if !directory.exists() {
        let text = format!(
            "there is no {}: name the log's directory with --data",
            directory.display()
        );
        return Err(Trouble { text, code: 4 });
    }
    FileMedium::take(directory, free).map_err(|failure| match failure.fault {
        Fault::InUse => Trouble {
            text: format!(
                "a server has the log in {}: end it first (its status it tells while it runs: verbatimd status, or SIGUSR1)",
                directory.display()
            ),
            code: 5,
        },
        _ => trouble(&failure),
    })
}

/// Writes to standard output. A reader who has enough is no trouble.
fn say(text: &str) -> Result<(), Trouble> {
    let mut out = io::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()))
}

fn written(done: io::Result<()>) -> Result<(), Trouble> {
    match done {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Trouble {
            text: format!("cannot write to standard output: {error}"),
            code: 1,
        }),
        _ => Ok(()),
    }
}

fn status(directory: &Path) -> Result<(), Trouble> {
    if let Some(answer) = ask(directory, "status")? {
        return answered(&answer).and_then(|line| say(&line));
    }
    let (mut names, mut messages, mut bytes, mut emptied) = (Names::default(), 0u64, 0u64, 0u64);
    let checked = check(&mut medium(directory)?, &mut |found| {
        names.follow(&found);
        if let Found::Record(record, ..) = found
            && let What::Message(message) = &record.what
        {
            messages += 1;
            bytes += message.body().len() as u64;
            emptied += u64::from(message.delivery().removed);
        }
        Ok(())
    });
    let Checked { proof, removed, .. } = checked.map_err(|failure| trouble(&failure))?;
    let users = names.count();
    let emptied = match emptied {
        0 => String::new(),
        emptied => format!(" texts removed={emptied}"),
    };
    say(&format!(
        "no server | users={users} messages={messages} body bytes={bytes}{emptied}{} | chain {proof}",
        control::removed(removed)
    ))
}

fn backup(directory: &Path, file: &Path) -> Result<(), Trouble> {
    let file = std::path::absolute(file).map_err(|error| Trouble {
        text: format!("{}: {error}", file.display()),
        code: 2,
    })?;
    let Some(file) = file.to_str().filter(|file| !file.contains('\n')) else {
        let text = "the backup's path must be UTF-8 on one line".into();
        return Err(Trouble { text, code: 2 });
    };
    match ask(directory, &format!("backup {file}"))? {
        Some(answer) => answered(&answer).and_then(|proof| say(&format!("{file}: up to {proof}"))),
        None => Err(Trouble {
            text: nothing_changes(directory),
            code: 4,
        }),
    }
}

/// What is told instead of a backup where no server runs.
fn nothing_changes(directory: &Path) -> String {
    let directory_shown = directory.display();
    match directory.join("log.redb").exists() {
        true => format!(
            "no server runs on {directory_shown}: nothing changes there, so copy its log.redb, and log.journal if there \
             is one"
        ),
        false => format!(
            "no server runs on {directory_shown}, and there is no log: name the log's directory with --data"
        ),
    }
}

/// What a running server said, without its first word.
fn answered(answer: &str) -> Result<String, Trouble> {
    match answer.strip_prefix("ok ") {
        Some(rest) => Ok(rest.to_owned()),
        None => Err(Trouble {
            text: format!(
                "the server says: {}",
                answer.strip_prefix("no ").unwrap_or(answer)
            ),
            code: 4,
        }),
    }
}

/// A difference, as the check of a log reports what it finds.
fn differs(text: String) -> Failure {
    Failure::new(Fault::Damaged, text)
}

/// A hash, as it is written.
fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The proof's hash, as it is written.
fn hash_of(proof: &Proof) -> String {
    let text = proof.to_string();
    text.split_once(' ')
        .map_or(String::new(), |(_, hash)| hash.to_owned())
}
