//! The operator removed a text: whoever still holds it here lets go of it. A session's deliveries are read from the log, so
//! only what is appended and what waits for a classic user can hold one.

use super::Router;
use super::session::Live;
use crate::id::Seq;

impl Router {
    pub(super) fn on_text_removed(&mut self, seq: Seq) {
        let held = self.uncommitted.iter_mut();
        for message in held.filter(|message| message.seq == seq) {
            *message = message.with_text("", true);
        }
        for live in self.live.values_mut() {
            if let Live::Classic(user) = live {
                user.let_go_of(seq);
            }
        }
    }
}
