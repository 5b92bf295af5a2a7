//! Which device this is: the stored one, or one that is thrown away at the end; and what its store is asked and told.

use crate::feed::Feed;
use crate::options::Options;
use crate::recall::Recall;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::UnboundedSender;
use verbatim_core::client::{
    ClassicInput, ClassicOutput, Config, Input, LineId, Message, Notice, Output, Recalled, WhyAway,
    WhyNoHistory,
};
use verbatim_core::id::{DeviceId, Number, Seq};
use verbatim_core::now::{Now, Wall};
use verbatim_core::wire::Ask;
use verbatim_net::store::{NoStore, Past, Said, Store, directory_name};
use verbatim_net::{Host, Wanted};

/// Lines of this run have lower numbers; those of earlier ones begin here, unless they are shown as if they were of this.
pub(crate) const EARLIER: LineId = LineId(1 << 32);

/// Lines of earlier runs that have their answer and wait for receipts.
const ACCEPTED_EARLIER: LineId = LineId(1 << 33);

/// What comes from the client's driver.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A message, to be written and then kept.
    Message(Message),
    /// Something else to tell.
    Notice(Notice),
    /// What was said earlier.
    History(Wanted, History),
    /// Why what was said earlier cannot be told.
    NoHistory(String),
    /// Something is wrong with the store.
    Trouble(String),
}

/// What was said earlier, with the names of the own lines whose story goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) past: Vec<(Past, Option<LineId>)>,
    /// What is before it.
    pub(crate) until: Until,
}

/// What is before a part of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Until {
    /// More, or nobody knows yet.
    #[default]
    More,
    /// Nothing.
    Beginning,
    /// What had this number and lower ones was removed at the server.
    Removed(Number),
    /// Nothing in this device's store, and the server does not tell.
    NotAsked(WhyNoHistory),
    /// There is no store, and the server does not tell.
    Nowhere(WhyNoHistory),
}

impl Until {
    /// Whether nobody was there to ask.
    pub(crate) fn is_unanswered(self) -> bool {
        let offline = WhyNoHistory::Offline;
        self == Until::NotAsked(offline) || self == Until::Nowhere(offline)
    }
}

/// What a program begins with.
#[derive(Debug, Default)]
pub(crate) struct Beginning {
    /// Whether there is a store.
    pub(crate) stores: bool,
    /// Why there is none, although one was wanted.
    pub(crate) troubles: Vec<String>,
    /// The last of what was said.
    pub(crate) history: History,
    /// Lines of earlier runs without an answer.
    pub(crate) lines: Vec<(LineId, Past)>,
}

/// The host of the client: it keeps what must be kept, and hands on the rest.
pub(crate) struct Device {
    store: Option<Kept>,
    recall: Recall,
    news: Option<UnboundedSender<News>>,
    /// Who this device becomes, should it turn out to be a copy of another, or give its name up.
    spare: DeviceId,
    is_online: bool,
    /// The server knows only the classic level.
    is_classic: bool,
}

/// The store, and what goes from it to the front.
struct Kept {
    store: Store,
    feed: Feed,
    /// Where the messages stand that are about to be handed on.
    places: VecDeque<u64>,
    in_trouble: bool,
}

impl Device {
    /// Opens the store unless none is wanted, with so much of what was said. Queued lines are numbered from `first` on.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(crate) fn open(
        options: &Options,
        stores: bool,
        (first, past): (LineId, usize),
        news: UnboundedSender<News>,
    ) -> io::Result<(Device, Config, Beginning)> {
        let fresh = DeviceId::new(random()?);
        let seed = u64::from_ne_bytes(random()?);
        let mut config = Config::throw_away(options.user, fresh, seed);
        config.waits_for_name = options.wait_for_name;
        let mut begin = Beginning::default();
        let mut device = Device {
            store: None,
            recall: Recall::new(options.user),
            news: Some(news),
            spare: DeviceId::new(random()?),
            is_online: false,
            is_classic: false,
        };
        if stores {
            match open(options, fresh, first, &mut config) {
                Ok(mut kept) => {
                    begin.stores = true;
                    begin.history = device.begin(&mut kept, past).unwrap_or_default();
                    begin.lines = unanswered(&config, &mut kept.store).unwrap_or_default();
                    device.store = Some(kept);
                }
                Err(why) => begin.troubles.push(why.to_string()),
            }
        }
        device.feed();
        Ok((device, config, begin))
    }

    /// What was said last, without what is about to be shown anyway: new messages, and lines without an answer.
    fn begin(&mut self, kept: &mut Kept, count: usize) -> io::Result<History> {
        let wanted = Wanted { with: None, count };
        let mut history = self.recall.page(wanted, &mut kept.store)?;
        let shown = kept.store.shown();
        history.past.retain(|(past, _)| match &past.said {
            Said::Message(_) => past.place <= shown,
            Said::Line { state, .. } => state.is_settled(),
        });
        Ok(history)
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

    fn tell_history(&self, told: Option<(Wanted, History)>) {
        if let Some((wanted, history)) = told {
            self.tell(News::History(wanted, history));
        }
    }

    fn tell_unreadable(&self, error: &io::Error) {
        self.tell(News::NoHistory(format!("cannot read the store: {error}")));
    }

    /// The run is over. `forgets`: the name was to be given up, and the device with it; a server that was not there
    /// to hear it still holds the name for this device, which must be kept then.
    ///
    /// # Errors
    /// The store could not be written.
    pub(crate) fn close(self, forgets: bool) -> io::Result<()> {
        let Some(mut kept) = self.store else {
            return Ok(());
        };
        if forgets && self.is_online {
            kept.store.renew(self.spare)?;
        }
        kept.store.close()
    }

    /// What a notice means for this device.
    fn note(&mut self, notice: &Notice) -> io::Result<()> {
        match notice {
            Notice::Online { .. } => self.is_online = true,
            // Nothing of this device is known there.
            Notice::FellBack => (self.is_online, self.is_classic) = (false, true),
            Notice::Offline { .. } | Notice::Away(_) => self.is_online = false,
            _ => {}
        }
        let Some(Kept { store, .. }) = &mut self.store else {
            return Ok(());
        };
        match notice {
            Notice::Away(WhyAway::Cloned) => store.renew(self.spare),
            Notice::Line { line, state } if self.is_classic => {
                store.on_state_without_ids(*line, *state);
                store.settle().map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Hands on what waits in the store, as far as there is room for it.
    fn feed(&mut self) {
        let more = self
            .store
            .as_mut()
            .map(|kept| kept.feed.more(&mut kept.store));
        for message in more.into_iter().flatten() {
            self.tell(News::Message(message));
        }
    }

    /// Says once that the store cannot be written, and once that it can be again.
    fn on_written<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        let Some(kept) = &mut self.store else {
            return written;
        };
        let was = std::mem::replace(&mut kept.in_trouble, written.is_err());
        match &written {
            Err(error) if !was => self.tell(News::Trouble(format!(
                "cannot write {error}. Nothing is sent or acknowledged until it can be written; it is tried again"
            ))),
            Ok(_) if was => self.tell(News::Trouble("the store can be written again".into())),
            _ => {}
        }
        written
    }
}

impl Host for Device {
    fn keep(&mut self, outputs: &[Output]) -> io::Result<Option<Seq>> {
        let Some(kept) = &mut self.store else {
            return Ok(None);
        };
        let kept_up_to = kept.store.keep(outputs);
        kept.places.extend(kept.store.take_places());
        // A batch that had nothing to write says nothing about the store.
        match kept_up_to {
            Ok(None) if kept.store.is_behind() => Ok(None),
            written => self.on_written(written),
        }
    }

    fn settle(&mut self) -> io::Result<Option<Seq>> {
        let Some(kept) = &mut self.store else {
            return Ok(None);
        };
        let settled = kept.store.settle();
        let settled = self.on_written(settled);
        self.feed();
        settled
    }

    fn is_behind(&self) -> bool {
        self.store
            .as_ref()
            .is_some_and(|kept| kept.store.is_behind())
    }

    fn on_shown(&mut self, up_to: Seq) -> bool {
        let Some(kept) = self.store.as_mut().filter(|_| !self.is_classic) else {
            return false;
        };
        if let Some(place) = kept.feed.on_shown(up_to) {
            kept.store.on_shown(place);
        }
        self.feed();
        true
    }

    fn history(&mut self, wanted: Wanted) -> Option<Ask> {
        let store = self.store.as_mut().map(|kept| &mut kept.store);
        match self.recall.ask(wanted, store) {
            Ok(Ok(history)) => self.tell(News::History(wanted, history)),
            Ok(Err(ask)) => return Some(ask),
            Err(error) => self.tell_unreadable(&error),
        }
        None
    }

    fn recalled(&mut self, recalled: Recalled) {
        let store = self.store.as_mut().map(|kept| &mut kept.store);
        match self.recall.on_recalled(recalled, store) {
            Ok(told) => self.tell_history(told),
            Err(error) => self.tell_unreadable(&error),
        }
    }

    fn deliver(&mut self, message: Message) {
        let place = self
            .store
            .as_mut()
            .and_then(|kept| Some((kept.places.pop_front()?, kept)));
        if place.is_none_or(|(place, kept)| kept.feed.takes(message.seq, place)) {
            self.tell(News::Message(message));
        }
    }

    fn show(&mut self, notice: Notice) {
        if let Err(error) = self.note(&notice) {
            tracing::warn!("{error}");
        }
        if let Notice::NoHistory { why, .. } = notice {
            let told = self.recall.on_none(why, self.store.is_some());
            return self.tell_history(told);
        }
        self.tell(News::Notice(notice));
    }

    fn wall(&self) -> Wall {
        wall()
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

fn open(
    options: &Options,
    fresh: DeviceId,
    first: LineId,
    config: &mut Config,
) -> Result<Kept, NoStore> {
    let directory = state_directory().join(directory_name(&options.server));
    let mut store = Store::open(&directory, options.user, fresh)?;
    let restored = store.restore(first, ACCEPTED_EARLIER, wall());
    config.restored = restored.map_err(|error| NoStore::Damaged(directory, error.to_string()))?;
    config.device = store.device();
    config.start = store.start();
    (config.keeps_store, config.keeps_messages) = (true, true);
    Ok(Kept {
        feed: Feed::new(&store),
        store,
        places: VecDeque::new(),
        in_trouble: false,
    })
}

/// The lines without an answer that were restored, as they stand in the store.
fn unanswered(config: &Config, store: &mut Store) -> io::Result<Vec<(LineId, Past)>> {
    let restored = &config.restored;
    let lines = restored.sent.iter().chain(&restored.queued);
    let lines = lines.map(|line| line.line);
    let past = |line| Ok(store.past_of(line)?.map(|past| (line, past)));
    lines.map(past).filter_map(io::Result::transpose).collect()
}

/// Where programs of this user keep what they must remember.
fn state_directory() -> PathBuf {
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/state")))
        .unwrap_or_else(|| std::env::temp_dir().join("verbatim-state"));
    state.join("verbatim")
}

fn wall() -> Wall {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Wall(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bits = [0; N];
    getrandom::fill(&mut bits).map_err(io::Error::from)?;
    Ok(bits)
}
