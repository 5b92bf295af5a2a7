//! A backup: all that is committed at one moment, copied into a file of its own while the log goes on. Whoever starts a
//! server on it is told once that it is one: what came after it is forgotten, and clients notice that.

use super::super::{Failure, Fault};
use super::anchor::table_if_any;
use super::chain::Proof;
use super::layout::{
    BACKUP_KEY, BESIDE, FEEDS, GONE, LOG, META, ROLL, TALKS, TURN_KEY, failed_to_read, io_failed,
    number_at,
};
use super::load::{fact, head};
use redb::{
    Builder, Database, Durability, Key, ReadTransaction, ReadableDatabase, ReadableTable,
    TableDefinition, Value,
};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use verbatim_core::now::Wall;

/// Rows that are copied in one transaction: what is not committed stands in memory.
const ROWS_MAX: usize = 512;

/// All that was committed at one moment.
pub struct View(ReadTransaction, #[expect(dead_code)] Arc<()>);

impl View {
    pub(super) fn of(db: &Database, held: Arc<()>) -> Result<View, Failure> {
        Ok(View(db.begin_read().map_err(failed_to_read)?, held))
    }

    /// Copies it into a new file of mode 0600, which is there as a whole or not at all; tells where it ends. Takes as
    /// long as reading and writing all of it does.
    ///
    /// # Errors
    /// The file is there already, or the system refuses.
    pub fn copy(&self, to: &Path, now: Wall) -> Result<Proof, Failure> {
        if to.exists() {
            let text = format!(
                "{} is there already: give the backup another name",
                to.display()
            );
            return Err(Failure::new(Fault::Io, text));
        }
        let (proof, _) = head(&self.0)?;
        let beside = half(to);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        let opened = options.mode(0o600).open(&beside);
        let file = opened.map_err(|error| refused(to, &error))?;
        let done = self.write(file, now);
        let done =
            done.and_then(|()| put_in_place(&beside, to).map_err(|error| refused(to, &error)));
        if done.is_err() {
            // It is no backup, and would only take room.
            let _ = std::fs::remove_file(&beside);
        }
        done.map(|()| proof)
    }

    fn write(&self, file: File, now: Wall) -> Result<(), Failure> {
        let backend = redb::backends::FileBackend::new(file).map_err(failed_to_read)?;
        let db = Builder::new()
            .create_with_backend(backend)
            .map_err(failed_to_read)?;
        self.copy_table(&db, META)?;
        self.copy_table(&db, LOG)?;
        self.copy_table(&db, BESIDE)?;
        self.copy_table(&db, FEEDS)?;
        self.copy_table(&db, TALKS)?;
        self.copy_table(&db, ROLL)?;
        self.copy_table(&db, GONE)?;
        let mark = |db: &Database| -> Result<(), redb::Error> {
            let mut txn = db.begin_write()?;
            txn.set_two_phase_commit(true);
            {
                let mut meta = txn.open_table(META)?;
                meta.insert(BACKUP_KEY, &now.0.to_le_bytes()[..])?;
                // It is whole, and the journal of the log that it is a copy of is not its own.
                meta.remove(TURN_KEY)?;
            }
            Ok(txn.commit()?)
        };
        mark(&db).map_err(failed_to_read)?;
        db.close().map_err(failed_to_read)
    }

    /// Copies a table, some rows at a time; durable only with what is committed last.
    fn copy_table<K: Key + 'static, V: Value + 'static>(
        &self,
        db: &Database,
        table: TableDefinition<'static, K, V>,
    ) -> Result<(), Failure> {
        let Some(from) = table_if_any(&self.0, table)? else {
            return Ok(());
        };
        let mut rows = from.iter().map_err(failed_to_read)?.peekable();
        let mut copy = || -> Result<(), redb::Error> {
            loop {
                let mut txn = db.begin_write()?;
                txn.set_durability(Durability::None)?;
                {
                    let mut to = txn.open_table(table)?;
                    for row in rows.by_ref().take(ROWS_MAX) {
                        let (key, value) = row?;
                        to.insert(key.value(), value.value())?;
                    }
                }
                txn.commit()?;
                if rows.peek().is_none() {
                    return Ok(());
                }
            }
        };
        copy().map_err(failed_to_read)
    }
}

/// Where it is made: beside its place, so that it can be put there whole.
fn half(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".half");
    to.with_file_name(name)
}

fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn refused(to: &Path, error: &io::Error) -> Failure {
    let Failure { fault, text } = io_failed(error, true);
    let why = match fault {
        Fault::Full => text,
        _ => format!("{error}; name a file in a directory that the server's user may write to"),
    };
    Failure::new(
        fault,
        format!("cannot make the backup {}: {why}", to.display()),
    )
}

/// Milliseconds since 1970 as a person reads them.
fn date(millis: u64) -> String {
    let time = i64::try_from(millis).ok();
    let time = time.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    time.map_or_else(
        || "at an unknown time".into(),
        |time| time.strftime("on %Y-%m-%d at %H:%M:%S UTC,").to_string(),
    )
}

/// Says, once, that this log is a backup that somebody put in the log's place.
pub(super) fn tell_if_restored(
    db: &Database,
    txn: &ReadTransaction,
    proof: Proof,
) -> Result<(), redb::Error> {
    let Ok(Some(made)) = fact(txn, BACKUP_KEY) else {
        return Ok(());
    };
    let made = date(number_at(&made, 0).unwrap_or_default());
    tracing::warn!(
        "this log is a backup, made {made} at record {}: what came after it is forgotten. Clients that had \
         come further hear that their session is lost, and say so; nobody sends again by itself what was accepted then",
        proof.head
    );
    let mut txn = db.begin_write()?;
    txn.set_two_phase_commit(true);
    txn.open_table(META)?.remove(BACKUP_KEY)?;
    Ok(txn.commit()?)
}
