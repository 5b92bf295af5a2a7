//! `remove-body`: takes one text out of the log, of a running server through its door, of one that is ended by itself. What
//! is told never has the text.

use super::lines::time;
use super::{ask, hex, medium, say, trouble};
use crate::Trouble;
use crate::options::EngineKind;
use std::path::Path;
use verbatim_core::id::Seq;
use verbatim_net::engine::disk::{NotRemoved, Removal, remove_text};

/// There is no text to remove there.
const NO_TEXT: u8 = 9;

/// Removes it and says what it was.
pub(super) fn remove_body(directory: &Path, engine: EngineKind, seq: u64) -> Result<(), Trouble> {
    if engine == EngineKind::Memory {
        return Err(refused(&NotRemoved::InMemory, seq));
    }
    let said = match ask(directory, &format!("remove-body {seq}"))? {
        Some(answer) => told(&answer)?,
        None => {
            let removed = remove_text(Box::new(medium(directory)?), Seq(seq));
            sentence(&removed.map_err(|why| refused(&why, seq))?)
        }
    };
    say(&said)
}

/// What a running server answers.
pub(crate) fn answer(removed: &Result<Removal, NotRemoved>, seq: u64) -> String {
    match removed {
        Ok(removal) => {
            let said = sentence(removal);
            tracing::info!("{said}");
            format!("ok {said}")
        }
        Err(why) => {
            let Trouble { text, code } = refused(why, seq);
            format!("no {code} {text}")
        }
    }
}

/// Reads that answer. A server of an earlier version does not know the question.
fn told(answer: &str) -> Result<String, Trouble> {
    if let Some(said) = answer.strip_prefix("ok ") {
        return Ok(said.to_owned());
    }
    let refusal = answer.strip_prefix("no ").unwrap_or(answer);
    let (code, text) = refusal.split_once(' ').unwrap_or(("", refusal));
    Err(match code.parse() {
        Ok(code) => Trouble {
            text: text.to_owned(),
            code,
        },
        Err(_) => Trouble {
            text: format!("the server says: {answer}"),
            code: 4,
        },
    })
}

fn sentence(removal: &Removal) -> String {
    let Removal {
        seq,
        from,
        to,
        time: stamp,
        bytes,
        hash,
        copies,
    } = removal;
    let copies = match copies {
        0 => "no old copy of it was found in the file".into(),
        1 => "1 old copy of it in the file was overwritten".into(),
        copies => format!("{copies} old copies of it in the file were overwritten"),
    };
    format!(
        "record {seq}: the text of {from} to {}, {}, was removed: {bytes} bytes with the hash {}; {copies}",
        to.as_str(),
        time(*stamp),
        hex(hash)
    )
}

fn refused(why: &NotRemoved, seq: u64) -> Trouble {
    let code = match why {
        NotRemoved::Unreadable(failure) | NotRemoved::Failed(failure) => return trouble(failure),
        NotRemoved::InMemory => 2,
        NotRemoved::BeingCopied => 4,
        _ => NO_TEXT,
    };
    let text = format!("record {seq}: {why}");
    Trouble { text, code }
}
