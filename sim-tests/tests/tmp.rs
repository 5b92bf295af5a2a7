use sim_tests::World;
use std::time::Duration;
#[test]
fn fete() {
    let world = World::for_story();
    let alice = world.classic("alice");
    let _bob = world.classic("bob");
    alice.send("bob", "F\u{ca}TE");
    world.wait(Duration::from_millis(100));
    alice.send("bob", "next");
    world.wait(Duration::from_millis(300));
    println!("{}", world.transcript());
}
#[test]
fn left() {
    let world = World::for_story();
    let mut alice = world.session("alice");
    let mut bob = world.session("bob");
    alice.send("bob", 1, "two");
    bob.hears("alice", "two");
    bob.say(&[verbatim_core::wire::ClientFrame::Bye { forget: true }]);
    bob.connection().expect_end();
    world.wait(Duration::from_millis(12000));
    println!("{}", world.transcript());
    let _ = alice.next_line();
}
