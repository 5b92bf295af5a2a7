//! Other people's programs in a script's hands: a client of some dialect at our server, a server of some dialect with
//! our clients at it.

use crate::dialects::{ClientRow, Cut, News, ServerRow, Told, play_client, play_server};
use crate::transport::SimTransport;
use crate::world::World;
use crate::{Client, server};
use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use tokio::sync::mpsc::{self, UnboundedSender};
use verbatim_net::Transport;

/// A user of a foreign client.
pub struct Foreign {
    world: World,
    name: String,
    /// `None` once its user has ended the program.
    orders: Option<UnboundedSender<(String, String)>>,
    news: Rc<RefCell<Vec<News>>>,
}

impl World {
    /// A user of the program of that row, on a host of its own.
    pub fn foreign(&self, row: ClientRow, name: &str, cut: Cut) -> Foreign {
        self.foreign_on(name, row, name, cut)
    }

    /// The same on a host that others may share.
    pub fn foreign_on(&self, host: &str, row: ClientRow, name: &str, cut: Cut) -> Foreign {
        let (orders, asked) = mpsc::unbounded_channel();
        let (tell, mut told) = mpsc::unbounded_channel();
        let news = Rc::new(RefCell::new(Vec::new()));
        let (heard, user) = (Rc::clone(&news), name.to_owned());
        let person = self.person(host);
        person.runs(async move {
            while let Some(one) = told.recv().await {
                heard.borrow_mut().push(one);
            }
        });
        person.runs(async move {
            let who = (row, user.as_str());
            // However it ends, its news have ended: a script sees what is missing.
            let _ = play_client(&SimTransport, server::ADDRESS, who, cut, asked, tell).await;
        });
        Foreign {
            world: self.clone(),
            name: name.to_owned(),
            orders: Some(orders),
            news,
        }
    }

    /// A host with the server of that row, at the port of ours.
    pub fn foreign_server(&self, host: &str, row: ServerRow, cut: Cut) {
        self.host(host, async move {
            let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, server::PORT));
            let listener = SimTransport.bind(address).await?;
            let local = tokio::task::LocalSet::new();
            local
                .run_until(play_server(SimTransport, listener, row, cut))
                .await;
            Ok(())
        });
    }

    /// The client that ships, connecting to such a host.
    pub fn client_at(&self, host: &str, user: &str) -> Client {
        let address = format!("{host}:{}", server::PORT);
        self.person(user).client_at(user, address)
    }
}

impl Foreign {
    /// Its user types a line.
    pub fn says(&self, to: &str, text: &str) {
        let line = (to.to_owned(), text.to_owned());
        let takes = |orders: &UnboundedSender<_>| orders.send(line).is_ok();
        if !self.orders.as_ref().is_some_and(takes) {
            self.world
                .fail(&format!("{}'s program has ended", self.name));
        }
    }

    /// Its user ends the program.
    pub fn quits(&mut self) {
        self.orders = None;
    }

    /// All that its user has seen so far.
    pub fn news(&self) -> Vec<News> {
        self.news.borrow().clone()
    }

    /// The lines that came, in their order: from whom, and the text.
    pub fn lines(&self) -> Vec<(String, String)> {
        let line = |one| match one {
            News::Line(from, text) => Some((from, text)),
            _ => None,
        };
        self.news().into_iter().filter_map(line).collect()
    }

    /// What its program has told of its lines: to whom, the text, and what became of it.
    pub fn told(&self) -> Vec<(String, String, Told)> {
        let told = |one| match one {
            News::Told(to, text, told) => Some((to, text, told)),
            _ => None,
        };
        self.news().into_iter().filter_map(told).collect()
    }

    /// For how many of its lines its program has told what became of them.
    pub fn told_count(&self) -> usize {
        self.told().len()
    }

    /// Waits until its user sees this.
    pub fn sees(&self, what: &News) {
        let named = format!("{}: {what:?}", self.name);
        let seen = || self.news.borrow().contains(what).then_some(());
        self.world.until(&named, seen);
    }

    /// Waits until a line from somebody came.
    pub fn reads(&self, from: &str, text: &str) {
        self.sees(&News::Line(from.to_owned(), text.to_owned()));
    }

    /// Waits until its program has told what became of a line, and that was this.
    pub fn is_told(&self, to: &str, text: &str, told: Told) {
        self.sees(&News::Told(to.to_owned(), text.to_owned(), told));
    }
}
