//! Each released format of a client's store, as a file that was made when it was released and is kept for ever: this
//! version reads it.
//!
//! Made by `VERBATIM_FIXTURES=write cargo test -p sim-tests --test store`, once; that of a format that was released is
//! never made again.

use crate::sparse;
use sim_tests::power::store::{Program, Server, history, open};
use sim_tests::power::{Files, Plate};
use verbatim_core::client::{Input, LineState};
use verbatim_core::id::{DeviceId, Try};
use verbatim_core::wire::Place;
use verbatim_net::store::Store;

/// The fixture of format 1.
const FORMAT_1: &str = "store-format-1.hex";

#[test]
fn a_store_of_format_1_is_written() {
    let (plate, mut server) = (Plate::default(), Server::default());
    let mut program = Program::start(&plate, None).unwrap();
    program.connect(&mut server).unwrap();
    let mut heard = Vec::new();
    for line in ["one", "zwei: grüße", "three\nlines\nof text"] {
        server.says(line, &mut heard);
    }
    program.input(Input::Received(&heard)).unwrap();
    for line in ["first", "second"] {
        program.types(line).unwrap();
    }
    program.talk(&mut server).unwrap();
    program.types("sent, without an answer").unwrap();
    program.cut().unwrap();
    program.types("queued").unwrap();
    program.store.close().unwrap();
    sparse::write(
        FORMAT_1,
        "A client's store of format 1",
        &plate.copy().store,
    );
    reads(&plate);
}

#[test]
fn a_store_of_format_1_is_read() {
    let plate = Plate::default();
    plate.put_back(Files {
        store: sparse::read(FORMAT_1),
        ..Files::default()
    });
    reads(&plate);
}

fn reads(plate: &Plate) {
    let store: Store = open(plate).unwrap();
    assert_eq!(store.device(), DeviceId::new([7; 16]));
    let start = store.start();
    assert_eq!(start.attempt, Try(1));
    assert!(matches!(start.place, Place::Cursor { .. }), "{start:?}");
    drop(store);
    let mut program = Program::start(plate, None).unwrap();
    let (messages, lines) = history(&mut program.store).unwrap();
    assert_eq!(messages, ["one", "zwei: grüße", "three\nlines\nof text"]);
    let states: Vec<(&str, bool)> = lines
        .iter()
        .map(|(body, state)| (body.as_str(), matches!(state, LineState::Accepted { .. })))
        .collect();
    assert_eq!(
        states,
        [
            ("first", true),
            ("second", true),
            ("sent, without an answer", false),
            ("queued", false)
        ]
    );
    assert_eq!(lines[2].1, LineState::Sent);
    assert_eq!(lines[3].1, LineState::Queued);
}
