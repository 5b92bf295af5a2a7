//! Two who want one name: a device and its copy, a device and another, a connection and an older one.

use super::tell;
use sim_tests::{Session, device_of, hello_of};
use std::time::Duration;
use verbatim_core::id::Try;
use verbatim_net::Request;

#[test]
fn same_device_twice() {
    let moral = "One device, one connection: the newer wins, the older stays away until it is asked; a copy is found out.";
    tell("same_device_twice", moral, |world| {
        let mut bob = world.client("bob");
        let mut alice = world.client("alice");
        world.tell_network("copy starts with a copy of alice's store");
        let mut copy = world.person("copy").client_that("alice", |config| {
            config.device = device_of("alice", "alice");
            config.start.attempt = Try(1);
        });
        copy.sees("online");
        alice.sees("away");
        alice.types("bob", "who is the other?");
        world.wait(Duration::from_secs(1));
        alice.asks(Request::Return);
        alice.sees("online again");
        copy.sees("away");
        bob.sees("alice -> bob");
        alice.sees("#1 delivered");
        copy.asks(Request::Return);
        copy.sees("away");
        alice.asks(Request::Return);
        alice.sees("online again");
    });
}

#[test]
fn another_device() {
    let moral = "A name is its holder's: another device hears for how long at most, and gets it when the holder gives it up.";
    tell("another_device", moral, |world| {
        let alice = world.client("alice");
        let mut phone = world.person("phone").client("alice");
        phone.sees("away");
        let tablet = world.person("tablet");
        let mut tablet = tablet.client_that("alice", |config| config.waits_for_name = true);
        tablet.sees("offline");
        alice.asks(Request::Leave { forget: true });
        alice.is_gone();
        tablet.sees("online");
        phone.asks(Request::Return);
        phone.sees("away");
    });
}

#[test]
fn old_connection_wakes_late() {
    let moral =
        "What an older connection of a session still says has no effect, nor has an older HELLO.";
    tell("old_connection_wakes_late", moral, |world| {
        let mut bob = world.client("bob");
        let wifi = world.person("wifi");
        let mut old = wifi.session("alice");
        world.hold("wifi");
        old.send("bob", 1, "on my way");
        world.tell_network("held: SEND bob id=1 \"on my way\"");
        let mut new = world.person("mobile").session_that("alice", |hello| {
            hello.device = device_of("wifi", "alice");
            hello.attempt = Try(2);
        });
        new.send("bob", 1, "late, sorry");
        new.expect("ACCEPTED id=1");
        bob.sees("alice -> bob");
        new.expect("RECEIPT bob");
        world.release("wifi");
        old.expect("REPLACED");
        old.connection().expect_end();
        let mut older = Session::hello(wifi.connect(), hello_of("wifi", "alice"));
        older.expect("REPLACED");
        older.connection().expect_end();
        new.send("bob", 2, "here I am");
        new.expect("ACCEPTED id=2");
        new.expect("RECEIPT bob");
    });
}
