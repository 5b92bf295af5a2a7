//! Links that fail, and what the two ends make of it.

use super::tell;
use sim_tests::Way;
use std::time::Duration;
use verbatim_core::id::Try;
use verbatim_net::Request;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn partition_and_resume() {
    let moral = "What a dead link lost, either way, is sent once more when both ends have noticed: nothing is lost or doubled.";
    tell("partition_and_resume", moral, |world| {
        let mut bob = world.client("bob");
        let mut alice = world.client("alice");
        alice.types("bob", "one");
        alice.sees("#1 delivered");
        world.partition("alice");
        alice.types("bob", "two");
        bob.types("alice", "three");
        world.wait(3 * SECOND);
        world.repair("alice");
        alice.sees("offline");
        alice.sees("online again");
        alice.sees("bob -> alice");
        alice.sees("#2 delivered");
        bob.sees("#1 delivered");
    });
}

#[test]
fn one_way_partition() {
    let moral = "Lines whose answers were lost are not sent again: the server tells what it took, and their answers once more.";
    tell("one_way_partition", moral, |world| {
        let mut bob = world.client("bob");
        let mut alice = world.client("alice");
        world.partition_one_way("alice", Way::FromServer);
        alice.types("bob", "one");
        alice.types("bob", "two");
        bob.sees("alice -> bob");
        alice.sees("offline: the server is silent");
        alice.sees("offline: no welcome in time");
        world.repair("alice");
        alice.sees("online again");
        alice.sees("#1 delivered");
    });
}

#[test]
fn half_open_connection() {
    let moral = "A device that lost its power is noticed after 15 s without a byte; mail for it waits until it is back.";
    tell("half_open_connection", moral, |world| {
        let mut alice = world.client("alice");
        world.session("bob");
        world.tell_network("bob's device loses its power");
        world.partition("bob");
        alice.types("bob", "are you there?");
        alice.sees("#1 accepted");
        world.wait(15 * SECOND);
        alice.asks(Request::Who);
        alice.sees("users");
        world.repair("bob");
        let mut bob = world
            .person("bob")
            .session_that("bob", |hello| hello.attempt = Try(2));
        bob.takes("alice", "are you there?");
        alice.sees("#1 delivered");
    });
}

#[test]
fn server_restart_memory() {
    let moral = "A restarted memory server knows nobody: clients say what is lost, resend none of it, and go on.";
    tell("server_restart_memory", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.client("bob");
        let mut carol = world.session("carol");
        alice.types("bob", "one");
        alice.sees("#1 delivered");
        alice.types("carol", "two");
        carol.hears("alice", "two");
        alice.sees("#2 accepted");
        alice.types("bob", "three");
        world.wait(Duration::from_millis(5));
        world.restart_server();
        alice.sees("offline");
        alice.sees("lost");
        bob.sees("lost");
        alice.types("bob", "four");
        alice.sees("#4 delivered");
    });
}

#[test]
fn long_silence() {
    let moral = "Heartbeats keep an idle link for as long as it works; when it dies, its client notices within 15 s.";
    tell("long_silence", moral, |world| {
        let mut alice = world.client("alice");
        world.wait(21 * SECOND);
        world.partition("alice");
        world.wait(10 * SECOND);
        world.repair("alice");
        alice.sees("offline: the server is silent");
        alice.sees("online again");
    });
}
