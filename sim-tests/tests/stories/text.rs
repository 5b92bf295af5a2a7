//! Text that is not ASCII: some count its bytes, some its characters.

use super::tell;

#[test]
fn non_ascii_classic() {
    let moral = "Who counts characters is told characters: from what it sends, or after its first complaint.";
    tell("non_ascii_classic", moral, |world| {
        let mut alice = world.classic("alice");
        let mut bob = world.classic("bob");
        alice.send("bob", "caf\u{e9} \u{1f600}");
        bob.complains("alice", "caf\u{e9} \u{1f600}");
        bob.takes("alice", "caf\u{e9} \u{1f600}");
        alice.expect("SEND bob");
        bob.send("alice", "\u{e9}t\u{e9}");
        alice.takes("bob", "\u{e9}t\u{e9}");
        bob.expect("SEND alice");
    });
}

#[test]
fn last_letter_of_a_verb() {
    let moral = "An E behind the counted bytes may begin ERROR or end the line: if nothing follows, characters were counted.";
    tell("last_letter_of_a_verb", moral, |world| {
        let mut alice = world.classic("alice");
        let mut bob = world.classic("bob");
        alice.send("bob", "F\u{ca}TE");
        bob.complains("alice", "F\u{ca}TE");
        bob.takes("alice", "F\u{ca}TE");
        alice.expect("SEND bob");
        alice.send("bob", "ma\u{ee}tre");
        bob.takes("alice", "ma\u{ee}tre");
        alice.expect("SEND bob");
    });
}

#[test]
fn non_ascii_session() {
    let moral = "A body is UTF-8 and its length is in bytes; what is not UTF-8 is rejected, and the connection goes on.";
    tell("non_ascii_session", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.session("bob");
        alice.send("bob", 1, "caf\u{e9} \u{1f600} \u{202e}");
        bob.takes("alice", "caf\u{e9} \u{1f600} \u{202e}");
        alice.expect("ACCEPTED id=1");
        alice.expect("RECEIPT bob");
        alice
            .connection()
            .write(&b"SEND bob\nId: 2\nContent-length: 2\n\n\xff\xfe"[..]);
        alice.expect("REJECTED id=2 113");
        alice.send("bob", 3, "still here");
        alice.expect("ACCEPTED id=3");
    });
}
