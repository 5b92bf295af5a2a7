//! The client that ships, with somebody before its screen: it connects, resumes, acks and answers by itself, and what
//! it tells its user is in the transcript.

use crate::dice::mix;
use crate::person::Person;
use crate::screen::Screen;
use crate::server;
use crate::session::device_of;
use crate::transport::SimTransport;
use crate::world::World;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedSender};
use verbatim_core::client::{Config, LineId};
use verbatim_core::name::{Name, Recipient};
use verbatim_net::{Request, run_client};

/// One client and its user. Lines are counted from 1 in the order in which they are typed.
pub struct Client {
    world: World,
    host: String,
    requests: UnboundedSender<Request>,
    shown: Rc<RefCell<Vec<String>>>,
    seen: usize,
    typed: u64,
}

impl Client {
    /// Starts a client that has a store and was never connected; it connects at once.
    pub(crate) fn start(person: &Person, config: Config) -> Client {
        Client::start_at(person, config, server::ADDRESS.to_owned())
    }

    /// The same at another server.
    pub(crate) fn start_at(person: &Person, config: Config, address: String) -> Client {
        let (requests, asked) = mpsc::unbounded_channel();
        let shown = Rc::default();
        let (world, host) = (person.world().clone(), person.name().to_owned());
        let mut screen = Screen::new(&world, &host, requests.clone(), Rc::clone(&shown));
        person.runs(async move {
            run_client(&SimTransport, &address, config, asked, &mut screen).await;
        });
        let (seen, typed) = (0, 0);
        Client {
            world,
            host,
            requests,
            shown,
            seen,
            typed,
        }
    }

    /// Types a line.
    pub fn types(&mut self, to: &str, body: &str) -> LineId {
        self.submit(to, body, None)
    }

    /// Types a line that expires when it has waited for so long.
    pub fn types_within(&mut self, to: &str, body: &str, age_max: Duration) -> LineId {
        self.submit(to, body, Some(age_max))
    }

    fn submit(&mut self, to: &str, body: &str, age_max: Option<Duration>) -> LineId {
        self.typed += 1;
        let line = LineId(self.typed);
        self.asks(Request::Submit {
            line,
            to: Recipient::parse(to.as_bytes()).expect("scripts write whom they mean"),
            body: body.to_owned(),
            age_max,
        });
        line
    }

    /// Asks its client for anything.
    pub fn asks(&self, request: Request) {
        if self.requests.send(request).is_err() {
            self.world
                .fail(&format!("{}'s client has ended", self.host));
        }
    }

    /// Waits until its client has ended.
    pub fn is_gone(&self) {
        let what = format!("the end of {}'s client", self.host);
        self.world
            .until(&what, || self.requests.is_closed().then_some(()));
    }

    /// Everything that its screen has shown so far.
    pub fn screen(&self) -> Vec<String> {
        self.shown.borrow().clone()
    }

    /// Waits until the screen shows something that begins so, and that came after what was waited for before.
    pub fn sees(&mut self, beginning: &str) {
        let what = format!("{beginning:?} on {}'s screen", self.host);
        let (shown, seen) = (Rc::clone(&self.shown), self.seen);
        let after = |at: usize| seen + at + 1;
        self.seen = self.world.until(&what, || {
            let shown = shown.borrow();
            let mut news = shown[seen..].iter();
            news.position(|news| news.starts_with(beginning)).map(after)
        });
    }
}

/// A device that was never connected and has a store. The jitter of its back-off follows from its host and the world.
pub(crate) fn client_config(person: &Person, user: &str) -> Config {
    let (host, name) = (person.name(), user.as_bytes());
    let name = Name::parse(name).expect("scripts write names");
    let letters = |sum: u64, letter: u8| sum.wrapping_mul(31).wrapping_add(letter.into());
    let seed = mix(person.world().seed(), host.bytes().fold(0, letters));
    let mut config = Config::throw_away(name, device_of(host, user), seed);
    config.keeps_store = true;
    config
}
