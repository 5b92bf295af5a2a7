//! Writes messages to standard output, one line each, and says what is written.

use crate::{clean, clock};
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use verbatim_core::client::Message;
use verbatim_core::id::Seq;
use verbatim_core::name::{Name, Recipient};
use verbatim_net::store::{Past, Said};

/// Messages written at once.
const BATCH: usize = 64;

/// What is to be printed.
#[derive(Debug)]
pub(crate) enum Print {
    /// A message that came.
    Message(Message),
    /// What was said earlier.
    Past(Past),
}

/// What came of printing.
#[derive(Debug)]
pub(crate) enum Printed {
    /// So many lines are written, and the last message among them had this seq.
    UpTo(Option<Seq>, usize),
    /// Nobody reads any more, or the disk is full.
    Failed(io::Error),
}

/// Prints until there is nothing more to come, or nobody to read it.
pub(crate) async fn run(
    mut out: impl AsyncWrite + Unpin,
    user: Name,
    mut prints: UnboundedReceiver<Print>,
    printed: UnboundedSender<Printed>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while prints.recv_many(&mut batch, BATCH).await > 0 {
        let up_to = batch.iter().rev().find_map(|print| match print {
            Print::Message(message) => Some(message.seq),
            Print::Past(_) => None,
        });
        let text: String = batch.iter().map(|print| text(print, user)).collect();
        let wrote = write(&mut out, &text).await;
        let failed = wrote.is_err();
        let news = match wrote {
            Ok(()) => Printed::UpTo(up_to, batch.len()),
            Err(error) => Printed::Failed(error),
        };
        if printed.send(news).is_err() || failed {
            return;
        }
        batch.clear();
    }
}

async fn write(out: &mut (impl AsyncWrite + Unpin), text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes()).await?;
    out.flush().await
}

fn text(print: &Print, user: Name) -> String {
    match print {
        Print::Message(message) => line(message),
        Print::Past(past) => past_line(past, user),
    }
}

/// With its time before it, which no name can look like.
fn past_line(past: &Past, user: Name) -> String {
    match &past.said {
        Said::Message(message) => format!("{} {}", clock::universal(message.time), line(message)),
        Said::Line {
            taken, to, body, ..
        } => {
            let body = clean::line(body);
            format!("{} {user} -> {to}: {body}\n", clock::universal(taken.0))
        }
    }
}

fn line(message: &Message) -> String {
    let body = clean::line(&message.body);
    match message.to {
        Recipient::All => format!("{} -> ALL: {body}\n", message.from),
        Recipient::User(_) => format!("{}: {body}\n", message.from),
    }
}
