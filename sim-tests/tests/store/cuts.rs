//! The power goes at every write and at every sync of a scripted run of a client. The bugs that this catches are in the
//! kill matrix.

use sim_tests::power::store::{WAYS, operations, run};

#[test]
fn a_power_cut_at_any_operation_loses_and_doubles_nothing() {
    let operations = operations().unwrap();
    assert!(operations > 100, "{operations}");
    for way in 0..WAYS {
        for cut_at in 0..operations {
            if let Err(violation) = run(cut_at, way, None) {
                panic!("cut at {cut_at}, survived in way {way}: {violation}");
            }
        }
    }
}
