//! The client's store as a file: whose it is, who may read it, and what is left alone. What it survives is tested in
//! `sim-tests`, on a simulated disk.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use verbatim_core::client::{Keep, LineId, Output};
use verbatim_core::id::{DeviceId, MessageId, Try};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;
use verbatim_core::wire::Place;
use verbatim_net::store::{NoStore, Store};

fn alice() -> Name {
    Name::parse(b"alice").unwrap()
}

fn bob() -> Recipient {
    Recipient::parse(b"bob").unwrap()
}

/// An empty directory of one test alone, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("verbatim-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        Folder(path)
    }

    fn open(&self) -> Result<Store, NoStore> {
        Store::open(&self.0, alice(), DeviceId::new([7; 16]))
    }

    fn file(&self) -> PathBuf {
        self.0.join("alice.store")
    }

    /// A store with a few lines, closed.
    fn filled(name: &str) -> Folder {
        let folder = Folder::new(name);
        let mut store = folder.open().unwrap();
        for line in 1..=20 {
            store.keep(&[queued(line)]).unwrap();
        }
        store.close().unwrap();
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn queued(line: u64) -> Output {
    Output::Keep(Keep::Queued {
        line: LineId(line),
        to: bob(),
        body: format!("line {line}"),
        taken: Wall(1),
        expires: None,
    })
}

#[test]
fn one_process_has_it_and_nobody_else_reads() {
    let folder = Folder::new("locked");
    let mut store = folder.open().unwrap();
    store.keep(&[Output::Keep(Keep::Attempt(Try(3)))]).unwrap();
    assert!(matches!(folder.open(), Err(NoStore::Locked(_))));
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    for entry in fs::read_dir(&folder.0).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(store);
    assert_eq!(folder.open().unwrap().start().attempt, Try(3));
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = Folder::new("foreign");
    fs::create_dir(&folder.0).unwrap();
    let other = redb::TableDefinition::<u64, u64>::new("other");
    let path = folder.0.join("other");
    let database = redb::Database::create(&path).unwrap();
    let write = database.begin_write().unwrap();
    write.open_table(other).unwrap().insert(1, 1).unwrap();
    write.commit().unwrap();
    drop(database);
    for bytes in [b"hello".to_vec(), vec![0; 9_000], fs::read(&path).unwrap()] {
        fs::write(folder.file(), &bytes).unwrap();
        let refused = folder.open();
        assert!(matches!(refused, Err(NoStore::Foreign(_))), "{refused:?}");
        assert_eq!(fs::read(folder.file()).unwrap(), bytes);
    }
}

#[test]
fn a_newer_format_is_left_alone() {
    let folder = Folder::filled("newer");
    let numbers = redb::TableDefinition::<&str, u128>::new("numbers");
    let database = redb::Database::create(folder.file()).unwrap();
    let write = database.begin_write().unwrap();
    let mut table = write.open_table(numbers).unwrap();
    table.insert("format", 2).unwrap();
    drop(table);
    write.commit().unwrap();
    drop(database);
    let bytes = fs::read(folder.file()).unwrap();
    assert!(matches!(folder.open(), Err(NoStore::Newer(_))));
    assert_eq!(fs::read(folder.file()).unwrap(), bytes);
}

#[test]
fn a_damaged_file_is_said_and_left_alone_or_reads_as_it_was() {
    let folder = Folder::filled("damaged");
    let good = fs::read(folder.file()).unwrap();
    let mut refused = 0;
    for at in (0..good.len()).step_by(good.len() / 150) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        fs::write(folder.file(), &bytes).unwrap();
        match folder.open() {
            Ok(mut store) => {
                let restored = store.restore(LineId(1), LineId(99), Wall(2)).unwrap();
                let bodies = restored.queued.into_iter().map(|line| line.body);
                let expected = (1..=20).map(|line| format!("line {line}"));
                assert!(bodies.eq(expected), "byte {at}");
            }
            Err(why) => {
                refused += 1;
                assert!(!why.to_string().contains('\n'));
                assert_eq!(fs::read(folder.file()).unwrap(), bytes, "byte {at}: {why}");
            }
        }
    }
    assert!(refused > 0);
    fs::write(folder.file(), &good[..good.len() / 2]).unwrap();
    assert!(folder.open().is_err());
}

#[test]
fn an_older_kind_of_store_is_taken_over_once() {
    let folder = Folder::new("older");
    fs::create_dir(&folder.0).unwrap();
    let text = folder.0.join("alice.device");
    let device = "000102030405060708090a0b0c0d0e0f";
    let old = |welcomed, ended| {
        format!(
            "verbatim device 1\ndevice {device}\ntry 9\nallotted 64\nwelcomed {welcomed}\nended {ended}\n"
        )
    };
    fs::write(&text, old("yes", "no")).unwrap();
    let store = folder.open().unwrap();
    assert_eq!(Some(store.device()), DeviceId::parse_hex(device));
    let start = store.start();
    assert_eq!((start.attempt, start.allotted), (Try(9), MessageId(64)));
    assert_eq!(
        (start.place, start.accepted, start.may_repeat),
        (Place::Server, None, true)
    );
    drop(store);
    assert!(!text.exists());
    let aside = folder.0.join("alice.device.old");
    assert_eq!(fs::read_to_string(aside).unwrap(), old("yes", "no"));
    assert_eq!(
        Some(folder.open().unwrap().device()),
        DeviceId::parse_hex(device)
    );
}

#[test]
fn what_is_no_older_kind_of_store_is_left_alone() {
    for (number, old) in [
        "hello",
        "",
        "verbatim device 1\ndevice 00\n",
        "verbatim device 2\n",
    ]
    .iter()
    .enumerate()
    {
        let folder = Folder::new(&format!("strange-{number}"));
        fs::create_dir(&folder.0).unwrap();
        let text = folder.0.join("alice.device");
        fs::write(&text, old).unwrap();
        assert!(matches!(folder.open(), Err(NoStore::Foreign(_))), "{old}");
        assert_eq!(fs::read_to_string(&text).unwrap(), *old);
        assert!(!folder.file().exists());
    }
}

#[test]
fn a_directory_that_cannot_be_is_said() {
    let folder = Folder::new("no-directory");
    fs::write(&folder.0, "a file").unwrap();
    assert!(matches!(folder.open(), Err(NoStore::Io(..))));
    fs::remove_file(&folder.0).unwrap();
}
