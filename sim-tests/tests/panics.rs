//! A panic anywhere in a simulated task ends the run, so that no test can pass over it.
#![forbid(unsafe_code)]

use sim_tests::{SimTransport, World, server_config};
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use verbatim_core::now::Now;
use verbatim_core::router::{Input, Output};
use verbatim_net::{Server, Tap, Transport};

/// A planted bug: it panics in the connection task on which the word is heard.
struct Startled;

impl Tap for Startled {
    fn router(&mut self, _: Now, input: &Input<'_>, _: &[Output]) {
        if let Input::Received { bytes, .. } = input {
            assert!(!bytes.starts_with(b"PING"), "startled");
        }
    }
}

fn ends_in_panic(world: &World) -> bool {
    let wait = || world.wait(Duration::from_millis(100));
    catch_unwind(AssertUnwindSafe(wait)).is_err()
}

#[test]
fn a_panic_in_a_spawned_task_ends_the_run() {
    let world = World::for_story();
    world.host("broken", async {
        tokio::task::spawn_local(async { panic!("planted") });
        pending().await
    });
    assert!(ends_in_panic(&world));
}

#[test]
fn a_panic_in_a_connection_task_of_the_server_ends_the_run() {
    for (said, ends) in [("WHO\n\n", false), ("PING\n\n", true)] {
        let world = World::for_story();
        world.host("startled", async {
            let listener = SimTransport
                .bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 1)))
                .await?;
            let server = Server::new(server_config(1, Some(Box::new(Startled))))?;
            server.run(SimTransport, listener).await?;
            Ok(())
        });
        world.host("client", async move {
            let mut stream = SimTransport.connect("startled:1").await?;
            tokio::io::AsyncWriteExt::write_all(&mut stream, said.as_bytes()).await?;
            pending().await
        });
        assert_eq!(ends_in_panic(&world), ends, "{said:?}");
    }
}
