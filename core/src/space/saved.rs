//! The space as a checkpoint, and back.

use super::{Amount, Left, Pair, Space, User};
use crate::id::{Epoch, MessageId, Number, Seq, StoreId, UserId};
use crate::now::Wall;
use crate::outcomes::{Outcome, Outcomes};
use crate::record::Holder;
use crate::saved::{Checkpoint, Damaged, SavedLeft, SavedPair, SavedUser, holder_from, name_from};
use alloc::boxed::Box;
use alloc::vec::Vec;

impl Space {
    /// The space as bytes, from which [`Space::load`] makes the same one.
    pub fn save(&self) -> Vec<u8> {
        let starts = self.starts.iter().map(|(epoch, seq)| (epoch.0, seq.0));
        let pairs = self.pairs.iter().map(|((low, high), pair)| SavedPair {
            users: (low.0.0, high.0.0),
            number: pair.number.0,
            last: (pair.last[0].0, pair.last[1].0),
        });
        let users = self.users.iter().map(|(id, user)| save_user(*id, user));
        Checkpoint {
            head: self.head.0,
            stamp: self.stamp.0,
            age: self.age,
            store: self.store.0,
            epoch: self.epoch.0,
            starts: starts.collect(),
            all: (self.all.0, pair_of(self.all_mail)),
            users: users.collect(),
            pairs: pairs.collect(),
        }
        .encode()
    }

    /// The space that was saved.
    ///
    /// # Errors
    /// [`Damaged`]: these bytes are no checkpoint of this format.
    pub fn load(bytes: &[u8]) -> Result<Space, Damaged> {
        let saved = Checkpoint::decode(bytes)?;
        let mut space = Space {
            head: Seq(saved.head),
            stamp: Wall(saved.stamp),
            age: saved.age,
            store: StoreId(saved.store),
            epoch: Epoch(saved.epoch),
            all: Number(saved.all.0),
            all_mail: amount(saved.all.1),
            ..Space::default()
        };
        for (epoch, seq) in saved.starts {
            space.starts.insert(Epoch(epoch), Seq(seq));
            space.ends.insert(Seq(seq));
        }
        for user in saved.users {
            space.load_user(user)?;
        }
        for pair in saved.pairs {
            space.load_pair(&pair);
        }
        Ok(space)
    }

    fn load_user(&mut self, saved: SavedUser<'_>) -> Result<(), Damaged> {
        let id = UserId(Seq(saved.id));
        let (name, holder) = (name_from(saved.name)?, holder_from(saved.device));
        if let Holder::Device { device, .. } = holder {
            self.devices.insert(device, id);
        }
        if self.names.insert(name.key(), id).is_some() {
            return Err(Damaged("two users of one name"));
        }
        let ring = saved.ring.into_iter().map(outcome).collect();
        let left = saved.left.iter().map(load_left);
        let user = User {
            name,
            holder,
            outcomes: Outcomes::restored(MessageId(saved.last), ring),
            mail: amount(saved.mail),
            all_before: amount(saved.all_before),
            own_all: amount(saved.own_all),
            left: left.collect::<Result<_, _>>()?,
        };
        self.users.insert(id, Box::new(user));
        Ok(())
    }

    fn load_pair(&mut self, saved: &SavedPair) {
        let (low, high) = (UserId(Seq(saved.users.0)), UserId(Seq(saved.users.1)));
        let pair = Pair {
            number: Number(saved.number),
            last: [Seq(saved.last.0), Seq(saved.last.1)],
        };
        self.pairs.insert((low, high), pair);
        self.partners.insert((low, high));
        self.partners.insert((high, low));
    }
}

fn save_user(id: UserId, user: &User) -> SavedUser<'_> {
    let device = match user.holder {
        Holder::Device { device, keep } => Some((device.secret(), keep)),
        Holder::Classic => None,
    };
    let ring = user.outcomes.ring().map(|outcome| {
        let Outcome {
            id,
            seq,
            number,
            hash,
        } = *outcome;
        (id.0, seq.0, number.0, hash)
    });
    let left = user.left.iter().map(|left| SavedLeft {
        to: left.to.as_bytes(),
        up_to: left.up_to.0,
        last: left.last.0,
        at: left.at.0,
    });
    SavedUser {
        id: id.0.0,
        name: user.name.as_bytes(),
        device,
        // An id that was rejected has no record, and is free again after a restart: so it is in no checkpoint either.
        last: user.outcomes.last_accepted().0,
        ring: ring.collect(),
        mail: pair_of(user.mail),
        all_before: pair_of(user.all_before),
        own_all: pair_of(user.own_all),
        left: left.collect(),
    }
}

fn load_left(saved: &SavedLeft<'_>) -> Result<Left, Damaged> {
    Ok(Left {
        to: name_from(saved.to)?,
        up_to: Seq(saved.up_to),
        last: Seq(saved.last),
        at: Seq(saved.at),
    })
}

fn outcome((id, seq, number, hash): (u64, u64, u64, u64)) -> Outcome {
    Outcome {
        id: MessageId(id),
        seq: Seq(seq),
        number: Number(number),
        hash,
    }
}

fn pair_of(amount: Amount) -> (u64, u64) {
    (amount.messages, amount.bytes)
}

fn amount((messages, bytes): (u64, u64)) -> Amount {
    Amount { messages, bytes }
}
