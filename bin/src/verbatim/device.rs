//! Which device this is: the stored one, or one that is thrown away at the end.

use crate::options::Options;
use crate::store::Store;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::UnboundedSender;
use verbatim_core::client::{
    ClassicInput, ClassicOutput, Config, Input, Keep, Message, Notice, Output, WhyAway,
};
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
    /// Who this device becomes, should it turn out to be a copy of another.
    spare: DeviceId,
    is_online: bool,
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
        let device = Device {
            store,
            news: Some(news),
            spare: DeviceId::new(random()?),
            is_online: false,
        };
        Ok((device, config))
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

    /// The run is over. `forgets`: the name was to be given up, and the device with it; a server that was not there
    /// to hear it still holds the name for this device, which must be kept then.
    ///
    /// # Errors
    /// The store could not be written.
    pub(crate) fn close(self, forgets: bool) -> io::Result<()> {
        match self.store {
            Some(store) if forgets && self.is_online => store.remove(),
            Some(store) if self.is_online => store.end(),
            // What was shown may not be acked: the next run marks what comes again.
            Some(_) | None => Ok(()),
        }
    }

    /// What a notice means for the store.
    fn note(&mut self, notice: &Notice) -> io::Result<()> {
        match notice {
            Notice::Online { .. } => self.is_online = true,
            // Nothing of this device is known there.
            Notice::FellBack => self.is_online = false,
            Notice::Offline { .. } | Notice::Away(_) => self.is_online = false,
            _ => return Ok(()),
        }
        match (notice, &mut self.store) {
            (Notice::Online { .. }, Some(store)) => store.on_welcomed(),
            (Notice::Away(WhyAway::Cloned), Some(store)) => store.renew(self.spare),
            _ => Ok(()),
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
        if let Err(error) = self.note(&notice) {
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

    fn tap_classic(&mut self, now: Now, _input: &ClassicInput<'_>, outputs: &[ClassicOutput]) {
        for output in outputs {
            tracing::debug!("{} {output}", now.mono);
        }
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bits = [0; N];
    getrandom::fill(&mut bits).map_err(io::Error::from)?;
    Ok(bits)
}
