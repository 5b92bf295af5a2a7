//! The search: every state that can be reached, breadth first, so that the scenario that it finds is a shortest one.

use super::action::{Action, actions, is_healing, step};
use super::check::Violation;
use super::mix::BuildMix;
use super::rules::Rules;
use super::state::State;
use std::collections::HashMap;
use std::fmt;

/// A way to a broken promise.
#[derive(Debug)]
pub struct Scenario {
    /// What is broken at its end.
    pub violation: Violation,
    /// What happened, from the start.
    pub actions: Vec<Action>,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after", self.violation)?;
        let mut steps = (1..).zip(&self.actions);
        steps.try_for_each(|(number, action)| write!(f, "\n{number:4}. {action:?}"))
    }
}

/// What the search has seen.
#[derive(Default)]
pub struct Explored {
    /// Every state that can be reached, the start first.
    pub states: Vec<State>,
    places: HashMap<State, u32, BuildMix>,
    /// For each state, from where and how it was reached first.
    origins: Vec<(u32, Action)>,
    /// Steps that need no fault, as pairs of states.
    healing: Vec<(u32, u32)>,
}

/// Explores everything.
///
/// # Errors
/// A shortest scenario that breaks a promise; one that breaks only an end is looked for last.
pub fn explore(rules: &Rules) -> Result<Explored, Scenario> {
    let mut explored = Explored::default();
    explored.visit(State::start(), (0, Action::Open));
    let mut possible = Vec::new();
    let mut from = 0;
    while from < explored.states.len() {
        actions(rules, &explored.states[from], &mut possible);
        for &action in &possible {
            explored.follow(rules, from, action)?;
        }
        from += 1;
    }
    explored.check_ends()?;
    Ok(explored)
}

impl Explored {
    /// Does one action in one state and takes down where it leads.
    fn follow(&mut self, rules: &Rules, from: usize, action: Action) -> Result<(), Scenario> {
        let state = self.states[from];
        let next = step(rules, &state, action)
            .map_err(|violation| self.scenario(violation, from, Some(action)))?;
        let place = self.visit(next, (from as u32, action));
        if is_healing(&state, action) {
            self.healing.push((from as u32, place));
        }
        Ok(())
    }

    /// The state's place, found or made.
    fn visit(&mut self, state: State, origin: (u32, Action)) -> u32 {
        let place = self.states.len() as u32;
        let found = *self.places.entry(state).or_insert(place);
        if found == place {
            self.states.push(state);
            self.origins.push(origin);
        }
        found
    }

    /// How this state was reached, and the action that broke the promise.
    fn scenario(&self, violation: Violation, place: usize, action: Option<Action>) -> Scenario {
        let mut actions: Vec<Action> = action.into_iter().collect();
        let mut place = place;
        while place != 0 {
            let (from, action) = self.origins[place];
            actions.push(action);
            place = from as usize;
        }
        actions.reverse();
        Scenario { violation, actions }
    }

    /// From every state, every run without faults ends, and ends settled.
    ///
    /// States are peeled off from the ends: one whose healing steps all lead to peeled states is peeled too.
    /// What cannot be peeled lies before a circle.
    fn check_ends(&mut self) -> Result<(), Scenario> {
        let mut left = vec![0u32; self.states.len()];
        for &(from, _) in &self.healing {
            left[from as usize] += 1;
        }
        let mut peeled: Vec<u32> = (0..left.len() as u32)
            .filter(|&at| left[at as usize] == 0)
            .collect();
        let stuck = peeled
            .iter()
            .find(|&&place| !self.states[place as usize].settled());
        if let Some(&stuck) = stuck {
            return Err(self.scenario(Violation::Stuck, stuck as usize, None));
        }
        self.healing.sort_unstable_by_key(|&(_, to)| to);
        let mut at = 0;
        while let Some(&to) = peeled.get(at) {
            for &from in self.leading_to(to) {
                left[from as usize] -= 1;
                if left[from as usize] == 0 {
                    peeled.push(from);
                }
            }
            at += 1;
        }
        let endless = left.iter().position(|&steps| steps != 0);
        endless.map_or(Ok(()), |place| {
            Err(self.scenario(Violation::Endless, place, None))
        })
    }

    /// The states from which a healing step leads to this one; the steps are sorted by where they lead.
    fn leading_to(&self, to: u32) -> impl Iterator<Item = &u32> {
        let first = self.healing.partition_point(|&(_, other)| other < to);
        let steps = self.healing[first..].iter();
        steps
            .take_while(move |&&(_, other)| other == to)
            .map(|(from, _)| from)
    }
}
