//! What each user saw in a run, made canonical: without times, seqs, and whatever else depends on the substrate.
//!
//! For plans in which no two things race, the views of one plan are the same on every substrate.

use crate::history::{ClassicNews, DeviceNews, Event, Tag, What};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// What one user saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The user's name.
    pub name: String,
    /// What came, in its order: from whom, to whom or the classic level's nothing, and which line.
    pub heard: Vec<String>,
    /// What became of each of its own lines at last.
    pub lines: BTreeMap<u64, String>,
}

/// The views of all users of a plan, as its history tells them.
pub fn views(plan: &Plan, events: &[Event]) -> Vec<View> {
    let view = |name: &String| View {
        name: name.clone(),
        ..View::default()
    };
    let mut views: Vec<View> = plan.users.iter().map(|user| view(&user.name)).collect();
    for event in events {
        match &event.what {
            What::Device(who, news) => views[*who].device(news),
            What::Classic(who, news) => views[*who].classic(news),
            _ => {}
        }
    }
    views
}

impl View {
    fn device(&mut self, news: &DeviceNews) {
        match news {
            DeviceNews::Wrote { message, .. } => {
                let (from, to, number) = (message.from, message.to, message.number);
                let tag = words(&message.body);
                self.heard
                    .push(format!("{from} to {to} number={number} {tag}"));
            }
            DeviceNews::Line { line, state } => {
                let state = match state {
                    verbatim_core::client::LineState::Accepted { number, .. } => {
                        format!("accepted number={number}")
                    }
                    state => state.to_string(),
                };
                self.lines.insert(*line, state);
            }
            _ => {}
        }
    }

    fn classic(&mut self, news: &ClassicNews) {
        match news {
            ClassicNews::Heard { from, text } => {
                self.heard.push(format!("{from} {}", words(text)));
            }
            ClassicNews::Answered { line, code } => {
                let answer = code.map_or("arrived".into(), |code| format!("error {code}"));
                self.lines.insert(*line, answer);
            }
            _ => {}
        }
    }
}

/// The tag of a text, or the text.
fn words(body: &str) -> String {
    Tag::of(body).map_or_else(|| body.into(), |tag| tag.to_string())
}
