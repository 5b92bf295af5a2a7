//! The page around the drawing: style, script, the run, and in plain HTML what a reader needs without a script.

use super::scene::Scene;
use crate::plan::Plan;
use crate::run::Outcome;
use std::fmt::{self, Write};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPTS: [&str; 4] = [
    include_str!("scale.js"),
    include_str!("lanes.js"),
    include_str!("draw.js"),
    include_str!("hands.js"),
];

/// See the module's words. Its `Display` is the file.
pub(super) struct Page<'a> {
    pub(super) plan: &'a Plan,
    pub(super) outcome: &'a Outcome,
    /// The command that makes the run again.
    pub(super) again: &'a str,
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = PAGE;
        while let Some((before, after)) = rest.split_once("{{") {
            let (slot, after) = after.split_once("}}").ok_or(fmt::Error)?;
            f.write_str(before)?;
            self.fill(slot, f)?;
            rest = after;
        }
        f.write_str(rest)
    }
}

impl Page<'_> {
    fn fill(&self, slot: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match slot {
            "title" => f.write_str(&escaped(&self.title())),
            "summary" => f.write_str(&escaped(&self.summary())),
            "result" => f.write_str(self.result()),
            "violations" => self.violations(f),
            "plan" => f.write_str(&escaped(&self.plan.to_string())),
            "again" => f.write_str(&escaped(self.again)),
            "style" => f.write_str(STYLE),
            "run" => self.run(f),
            "script" => SCRIPTS.iter().try_for_each(|script| f.write_str(script)),
            _ => Err(fmt::Error),
        }
    }

    fn result(&self) -> &'static str {
        match self.outcome.violations.is_empty() {
            true => "kept",
            false => "broken",
        }
    }

    fn title(&self) -> String {
        let seed = self.plan.seed;
        let mut title = match self.outcome.violations.as_slice() {
            [] => format!("Seed {seed} keeps every guarantee"),
            [first, ..] => format!("Seed {seed} breaks {}", first.rule),
        };
        match self.outcome.violations.len() {
            0 | 1 => {}
            several => title += &format!(" and {} more", several - 1),
        }
        title
    }

    fn summary(&self) -> String {
        let Outcome {
            elapsed, flights, ..
        } = self.outcome;
        format!(
            "{} users, {} steps, {:.1} s simulated, {} things sent",
            self.plan.users.len(),
            self.plan.steps.len(),
            elapsed.as_secs_f64(),
            flights.len()
        )
    }

    fn violations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.outcome.violations.iter().enumerate() {
            write!(
                f,
                "<li><button type=\"button\" data-violation=\"{index}\"><b>{}</b> at {} ms</button> {}</li>",
                escaped(violation.rule),
                violation.at.as_millis(),
                escaped(&violation.what)
            )?;
        }
        Ok(())
    }

    /// The run as JSON in which nothing can end the element that it stands in.
    fn run(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scene = Scene::new(self.plan, self.outcome);
        let json = serde_json::to_string(&scene).map_err(|_| fmt::Error)?;
        for letter in json.chars() {
            match letter {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    write!(f, "\\u{:04x}", u32::from(letter))?;
                }
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// Text as it may stand in HTML, in elements and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '&' => html += "&amp;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            letter => html.push(letter),
        }
    }
    html
}
