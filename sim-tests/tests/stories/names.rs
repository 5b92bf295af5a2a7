//! Names: what is none, and whose it is.

use super::tell;
use sim_tests::{Session, World, hello_of};

/// Opens a connection for each of these first words, and hears the answer to each.
fn answers(world: &World, asked: &[(&str, &str)]) {
    for (words, answer) in asked {
        let mut connection = world.person("mallory").connect();
        connection.write(*words);
        let heard = connection.read_once(2048);
        assert_eq!(String::from_utf8_lossy(&heard), format!("{answer}\n\n"));
    }
}

#[test]
fn malformed_name() {
    let moral = "A name is letters and digits; whoever asks for another hears 100, and on the classic level may ask again.";
    tell("malformed_name", moral, |world| {
        let mut connection = world.person("mallory").connect();
        connection.write("REGISTER TOSEND al!ce\n\n");
        assert_eq!(
            connection.read_once(2048),
            b"ERROR 100 Malformed username\n\n"
        );
        connection.write("REGISTER TOSEND alice\n\n");
        assert_eq!(connection.read_once(2048), b"REGISTERED TOSEND alice\n\n");
        let long = format!("REGISTER TORECV {}\n\n", "a".repeat(33));
        let hello =
            "HELLO 1\nUser: al ice\nDevice: 000102030405060708090a0b0c0d0e0f\nTry: 1\nKeep: no\n\n";
        answers(
            world,
            &[
                (&long, "ERROR 100 Malformed username"),
                ("REGISTER TOSEND \n\n", "ERROR 100 Malformed username"),
                (hello, "ERROR 100 Malformed username"),
            ],
        );
    });
}

#[test]
fn all_as_name() {
    let moral = "ALL, in any case, means everybody: nobody can be called that.";
    tell("all_as_name", moral, |world| {
        let hello =
            "HELLO 1\nUser: All\nDevice: 000102030405060708090a0b0c0d0e0f\nTry: 1\nKeep: no\n\n";
        answers(
            world,
            &[
                ("REGISTER TOSEND ALL\n\n", "ERROR 100 Malformed username"),
                ("REGISTER TORECV all\n\n", "ERROR 100 Malformed username"),
                (hello, "ERROR 100 Malformed username"),
            ],
        );
    });
}

#[test]
fn name_taken() {
    let moral = "The second who asks for a name hears 104, on either level and in any case; the first notices nothing.";
    tell("name_taken", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.classic("bob");
        for name in ["alice", "Bob"] {
            let mut second =
                Session::hello(world.person("mallory").connect(), hello_of("mallory", name));
            second.expect("ERROR 104");
            second.connection().expect_end();
        }
        answers(
            world,
            &[
                ("REGISTER TOSEND ALICE\n\n", "ERROR 104 Username taken"),
                ("REGISTER TORECV bob\n\n", "ERROR 104 Username taken"),
            ],
        );
        bob.send("alice", "still me?");
        alice.takes("bob", "still me?");
        bob.expect("SEND alice");
    });
}

#[test]
fn half_registration_holds_its_name() {
    let moral = "One half of a registration keeps the name from others; the same half again, or another address, is 104.";
    tell("half_registration_holds_its_name", moral, |world| {
        let bob = world.person("bob");
        let mut sending = bob.connect();
        sending.write("REGISTER TOSEND bob\n\n");
        assert_eq!(sending.read_once(2048), b"REGISTERED TOSEND bob\n\n");
        answers(
            world,
            &[
                ("REGISTER TORECV bob\n\n", "ERROR 104 Username taken"),
                ("REGISTER TOSEND bob\n\n", "ERROR 104 Username taken"),
            ],
        );
        sending.write("SEND bob\nContent-length: 2\n\nhi");
        assert_eq!(sending.read_once(2048), b"ERROR 101 No user registered\n\n");
    });
}
