//! A server that keeps its log on a disk: what survives it, and what is said when something does not.

use super::tell_in;
use sim_tests::World;
use std::time::Duration;
use verbatim_core::id::Try;
use verbatim_core::limits::Limits;
use verbatim_core::wire::Place;

#[test]
fn server_restart_disk() {
    let moral = "At level disk a power cut at the server costs nobody anything: what was accepted is there, what was not \
                 is sent again, once, and receipts go on.";
    let world = &World::for_story_on_disk();
    tell_in(world, "server_restart_disk", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.client("bob");
        alice.types("bob", "one");
        alice.sees("#1 delivered");
        world.partition("bob");
        alice.types("bob", "two");
        alice.sees("#2 accepted");
        alice.types("bob", "three");
        world.wait(Duration::from_millis(5));
        world.power_cut_at_server();
        alice.sees("online");
        world.repair("bob");
        bob.sees("online");
        alice.sees("#3 delivered");
    });
}

#[test]
fn offline_delivery() {
    let moral = "Mail for a device that is away waits in the log, over restarts of the server too; it comes from the \
                 device's cursor on, and its sender hears of it at last.";
    let world = &World::for_story_on_disk();
    tell_in(world, "offline_delivery", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.session("bob");
        alice.types("bob", "one");
        bob.takes("alice", "one");
        alice.sees("#1 delivered");
        bob.vanish();
        alice.types("bob", "two");
        alice.types("ALL", "three");
        alice.sees("#3 accepted");
        world.restart_server();
        alice.sees("online");
        let mut bob = world.person("bob").session_that("bob", |hello| {
            hello.attempt = hello.attempt.next();
            hello.place = Place::Server;
        });
        bob.takes("alice", "two");
        bob.takes("alice", "three");
        alice.sees("#2 delivered");
    });
}

#[test]
fn storage_full() {
    let moral = "Without room on the disk a line is refused before it is accepted, and waits; readers go on reading, and \
                 when there is room again the line goes out by itself.";
    let world = &World::for_story_on_disk();
    tell_in(world, "storage_full", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.session("bob");
        world.tell_network("the server's disk fills up");
        world
            .plate()
            .set_room(Some(world.plate().length() + 100_000));
        alice.types("bob", "one");
        bob.takes("alice", "one");
        alice.types("bob", "two");
        alice.sees("#2 queued");
        world.wait(Duration::from_secs(2));
        world.tell_network("somebody makes room on the server's disk");
        world.plate().set_room(None);
        alice.sees("#2 accepted");
        bob.takes("alice", "two");
    });
}

#[test]
fn commit_that_fails() {
    let moral = "A commit that fails is a restart without a new process: connections close, what was not accepted is \
                 sent again, and nobody is told anything that is not in the log.";
    let world = &World::for_story_on_disk();
    tell_in(world, "commit_that_fails", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.session("bob");
        alice.types("bob", "one");
        bob.takes("alice", "one");
        alice.sees("#1 delivered");
        world.tell_network("the server's disk takes no more, though it looks as if it did");
        world.plate().fill_unseen();
        alice.types("bob", "two");
        alice.sees("offline");
        world.tell_network("somebody makes room on the server's disk");
        world.plate().set_room(None);
        alice.sees("#2 accepted");
    });
}

#[test]
fn retention() {
    let moral = "Where the operator asks for it, old lines go: not one that somebody is still to be given, however old; and \
                 whoever comes later with an old store hears which are gone.";
    let limits = Limits {
        kept_time_max: Some(Duration::from_secs(1)),
        ..Limits::default()
    };
    let world = &World::for_story_on_disk_with(limits);
    tell_in(world, "retention", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.session("bob");
        let beginning = bob.place();
        alice.types("bob", "one");
        bob.takes("alice", "one");
        alice.types("ALL", "two");
        bob.takes("alice", "two");
        alice.sees("#2 delivered");
        bob.vanish();
        alice.types("bob", "three");
        alice.sees("#3 accepted");
        world.wait(Duration::from_secs(3));
        world.tell_network(
            "\"one\" and \"two\" are gone by now; bob is still to be given \"three\"",
        );
        let mut bob = world.person("bob").session_that("bob", |hello| {
            hello.attempt = Try(2);
            hello.place = Place::Server;
        });
        bob.takes("alice", "three");
        alice.sees("#3 delivered");
        bob.vanish();
        world.tell_network("bob's store is put back as it was at the beginning");
        let mut bob = world.person("bob").session_that("bob", |hello| {
            hello.attempt = Try(3);
            hello.place = beginning;
        });
        bob.expect("REMOVED alice 1");
        bob.expect("REMOVED ALL 1");
        bob.takes("alice", "three");
    });
}

#[test]
fn restored_store() {
    let moral = "A server whose log was put back from a backup has forgotten what came after. Its clients notice, say \
                 what is lost, and send none of it again by themselves.";
    let world = &World::for_story_on_disk();
    tell_in(world, "restored_store", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.client("bob");
        alice.types("bob", "one");
        alice.sees("#1 delivered");
        let backup = world.plate().copy();
        alice.types("bob", "two");
        alice.sees("#2 delivered");
        world.put_back_at_server(backup);
        alice.sees("lost");
        bob.sees("lost");
        alice.types("bob", "three");
        alice.sees("#3 delivered");
    });
}

#[test]
fn removed_text() {
    let moral = "The operator takes one text out of the log. Who has it keeps it; who has yet to be given it, or asks for it \
                 again, is told that it was removed; numbers and answers stay as they were.";
    let world = &World::for_story_on_disk();
    tell_in(world, "removed_text", moral, |world| {
        world.session("bob").vanish();
        let mut alice = world.client("alice");
        alice.types("bob", "my password is xyzzy");
        alice.sees("#1 accepted");
        alice.types("bob", "oh no");
        alice.sees("#2 accepted");
        world.remove_text_at_server(4);
        alice.sees("online");
        let mut bob = world.person("bob").session_that("bob", |hello| {
            hello.attempt = Try(2);
            hello.place = Place::Server;
        });
        bob.expect("DELIVER 4 alice -> bob number=1 (text removed)");
        bob.takes("alice", "oh no");
        alice.sees("#2 delivered");
    });
}
