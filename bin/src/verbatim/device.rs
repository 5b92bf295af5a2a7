//! Which device this is: the stored one, or one that is thrown away at the end.

use crate::options::Options;
use crate::store::Store;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::UnboundedSender;
use verbatim_core::client::{Config, Input, Keep, Message, Notice, Output};
use verbatim_core::id::DeviceId;
use verbatim_core::now::{Now, Wall};
use verbatim_net::Host;

/// What comes from the client's driver.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A message, to be written and then kept.
    Message(Message),
    /// Something else to tell.
    Notice(Notice),
}

/// The host of the client: it keeps what must be kept, and hands on the rest.
pub(crate) struct Device {
    store: Option<Store>,
    news: Option<UnboundedSender<News>>,
}

impl Device {
    /// Opens the store unless none is wanted; says on `trouble` why there is none although one was.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(crate) fn open(
        options: &Options,
        stores: bool,
        news: UnboundedSender<News>,
        trouble: &mut dyn FnMut(String),
    ) -> io::Result<(Device, Config)> {
        let fresh = DeviceId::new(random()?);
        let mut store = None;
        if stores {
            match Store::open(&options.server, options.user.as_str(), fresh) {
                Ok(opened) => store = Some(opened),
                Err(why) => trouble(why.to_string()),
            }
        }
        let seed = u64::from_ne_bytes(random()?);
        let mut config = Config::throw_away(options.user, fresh, seed);
        config.waits_for_name = options.wait_for_name;
        if let Some(store) = &store {
            config.device = store.device();
            config.start = store.start();
            config.keeps_store = true;
        }
        let news = Some(news);
        Ok((Device { store, news }, config))
    }

    /// No more news will come.
    pub(crate) fn hang_up(&mut self) {
        self.news = None;
    }

    fn tell(&self, news: News) {
        if let Some(listener) = &self.news {
            // Nobody listens only while the program ends, and then nothing is acked either.
            drop(listener.send(news));
        }
    }

    /// The run is over. `forgotten`: the name was given up, and the device with it.
    ///
    /// # Errors
    /// The store could not be written.
    pub(crate) fn close(self, forgotten: bool) -> io::Result<()> {
        match self.store {
            Some(store) if forgotten => store.remove(),
            Some(store) => store.end(),
            None => Ok(()),
        }
    }
}

impl Host for Device {
    fn keep(&mut self, keep: Keep) -> io::Result<()> {
        self.store.as_mut().map_or(Ok(()), |store| store.keep(keep))
    }

    fn deliver(&mut self, message: Message) {
        self.tell(News::Message(message));
    }

    fn show(&mut self, notice: Notice) {
        if let (Notice::Online { .. }, Some(store)) = (&notice, &mut self.store)
            && let Err(error) = store.on_welcomed()
        {
            tracing::warn!("{error}");
        }
        self.tell(News::Notice(notice));
    }

    fn wall(&self) -> Wall {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Wall(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn tap(&mut self, now: Now, _input: &Input<'_>, outputs: &[Output]) {
        for output in outputs {
            match output {
                Output::Show(Notice::Online { .. } | Notice::Offline { .. } | Notice::Away(_)) => {
                    tracing::info!("{} {output}", now.mono);
                }
                output => tracing::debug!("{} {output}", now.mono),
            }
        }
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bits = [0; N];
    getrandom::fill(&mut bits).map_err(io::Error::from)?;
    Ok(bits)
}
