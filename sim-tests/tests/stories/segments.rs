//! TCP is a stream: where it is cut means nothing. And what cannot be read at all.

use super::tell;
use sim_tests::line;
use std::time::Duration;

const A_MOMENT: Duration = Duration::from_millis(40);

#[test]
fn body_split_over_segments() {
    let moral = "A frame may come in pieces, cut anywhere: in its head, in its body, in the middle of a character.";
    tell("body_split_over_segments", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.classic("bob");
        for piece in [
            "SEND al",
            "ice\nContent-le",
            "ngth: 11\n\nhalf",
            " a",
            " lin",
        ] {
            bob.sending.write(piece);
            world.wait(A_MOMENT);
        }
        bob.sending.write("e");
        alice.takes("bob", "half a line");
        bob.expect("SEND alice");
        let whole = "SEND bob\nId: 1\nContent-length: 5\n\ncaf\u{e9}";
        for piece in [
            &whole.as_bytes()[..12],
            &whole.as_bytes()[12..38],
            &whole.as_bytes()[38..],
        ] {
            alice.connection().write(piece);
            world.wait(A_MOMENT);
        }
        alice.expect("ACCEPTED id=1");
    });
}

#[test]
fn two_frames_in_one_segment() {
    let moral = "Two messages in one segment are two messages; a classic one's second waits until the first is answered.";
    tell("two_frames_in_one_segment", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.classic("bob");
        let mut carol = world.classic("carol");
        world.tell_network("bob's two lines in one segment");
        bob.sending
            .write(line("carol", "one") + &line("carol", "two"));
        carol.takes("bob", "one");
        bob.expect("SEND carol");
        carol.takes("bob", "two");
        bob.expect("SEND carol");
        world.tell_network("alice's two messages in one segment");
        alice.say(&[
            sim_tests::message("carol", 1, "three"),
            sim_tests::message("bob", 2, "four"),
        ]);
        carol.takes("alice", "three");
        bob.takes("alice", "four");
        alice.expect("ACCEPTED id=1");
        alice.expect("ACCEPTED id=2");
    });
}

#[test]
fn bad_header() {
    let moral = "Without a usable Content-length nobody knows where the next frame begins: 103, then the connection closes.";
    tell("bad_header", moral, |world| {
        let mut alice = world.session("alice");
        let bad = [
            "SEND alice\n\n",
            "SEND alice\nContent-length: -1\n\n",
            "SEND alice\nContent-length: 9223372036854775808\n\n",
        ];
        for (name, bad) in ["bob", "carol", "dave"].into_iter().zip(bad) {
            let mut classic = world.classic(name);
            classic.sending.write(bad);
            classic.expect("ERROR 103 Header Incomplete");
            classic.sending.expect_end();
        }
        alice
            .connection()
            .write("SEND bob\nId: 1\nContent-length: two\n\nhi");
        alice.expect("ERROR 103");
        alice.connection().expect_end();
    });
}
