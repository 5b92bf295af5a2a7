//! What was measured, as lines of JSON: one for each side and round, and one that sets the medians side by side.

use super::audit::Findings;
use std::fmt::Write as _;
use std::io::{self, Write};

/// What one round of one side gave.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Figures by name; the unit is the name's ending.
    pub figures: Vec<(String, f64)>,
    /// What the audit found.
    pub findings: Findings,
    /// The first few faults, in words.
    pub faults: Vec<String>,
}

/// Figures from their names.
pub fn named<const N: usize>(figures: [(&str, f64); N]) -> Vec<(String, f64)> {
    figures.map(|(name, value)| (name.to_owned(), value)).into()
}

/// One of the two that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The floor.
    Relay,
    /// The program under measurement.
    Server,
}

impl Side {
    /// Both, in the order in which they are measured.
    pub const BOTH: [Side; 2] = [Side::Relay, Side::Server];

    fn name(self) -> &'static str {
        match self {
            Side::Relay => "relay",
            Side::Server => "server",
        }
    }
}

/// What a comparison is about: the scenario, its parameters, and how often.
#[derive(Clone, Debug)]
pub struct Title {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The level's name.
    pub level: &'static str,
    /// Parameters by name.
    pub parameters: Vec<(&'static str, f64)>,
    /// How often each side is measured.
    pub rounds: u32,
}

/// Measures the sides in turn, prints a line for each round and one of medians with their ratios (server to relay) for
/// the figures named in `ratios`. Returns whether every audit was clean.
///
/// # Errors
/// What `measure` or the standard output says.
pub fn compare(
    title: &Title,
    sides: &[Side],
    ratios: &[&str],
    mut measure: impl FnMut(Side) -> io::Result<Outcome>,
) -> io::Result<bool> {
    let mut rounds: [Vec<Outcome>; 2] = Default::default();
    for round in 1..=title.rounds {
        for side in sides.iter().copied() {
            let outcome = measure(side)?;
            print(&round_line(title, side, round, &outcome))?;
            rounds[side as usize].push(outcome);
        }
    }
    print(&summary_line(title, ratios, &rounds))?;
    Ok(rounds.iter().flatten().all(|it| it.findings.is_clean()))
}

fn round_line(title: &Title, side: Side, round: u32, outcome: &Outcome) -> Line {
    let mut line = Line::begin(title);
    line.text("side", side.name())
        .number("round", f64::from(round));
    for (name, value) in &outcome.figures {
        line.number(name, *value);
    }
    for (name, count) in outcome.findings.named() {
        line.number(name, count as f64);
    }
    if !outcome.faults.is_empty() {
        line.text("first_faults", &outcome.faults.join("; "));
    }
    line
}

fn summary_line(title: &Title, ratios: &[&str], rounds: &[Vec<Outcome>; 2]) -> Line {
    let mut line = Line::begin(title);
    line.text("side", "summary")
        .number("rounds", f64::from(title.rounds));
    for side in Side::BOTH {
        let outcomes = &rounds[side as usize];
        for (name, _) in outcomes.first().map_or(&[][..], |first| &first.figures[..]) {
            line.number(&format!("{}_{name}", side.name()), median(outcomes, name));
        }
    }
    for name in ratios {
        let [relay, server] = [&rounds[0], &rounds[1]].map(|outcomes| median(outcomes, name));
        line.number(&format!("ratio_{name}"), server / relay);
    }
    let clean = rounds.iter().flatten().all(|it| it.findings.is_clean());
    line.text("audit", if clean { "clean" } else { "FAULTS" });
    line
}

fn median(outcomes: &[Outcome], name: &str) -> f64 {
    let figures = outcomes.iter().flat_map(|outcome| &outcome.figures);
    let mut values: Vec<f64> = figures.filter(|it| it.0 == name).map(|it| it.1).collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

fn print(line: &Line) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{}}}", line.0)?;
    output.flush()
}

/// A JSON object on one line, its closing brace apart.
struct Line(String);

impl Line {
    fn begin(title: &Title) -> Line {
        let mut line = Line("{".to_owned());
        line.text("scenario", title.scenario)
            .text("level", title.level);
        for (name, value) in &title.parameters {
            line.number(name, *value);
        }
        line
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.string(name);
        self.0.push(':');
    }

    fn text(&mut self, name: &str, value: &str) -> &mut Line {
        self.name(name);
        self.string(value);
        self
    }

    fn number(&mut self, name: &str, value: f64) -> &mut Line {
        self.name(name);
        let written = match value {
            value if !value.is_finite() => write!(self.0, "null"),
            value if value.fract() == 0.0 => write!(self.0, "{value:.0}"),
            value if value.abs() < 10.0 => write!(self.0, "{value:.3}"),
            value => write!(self.0, "{value:.1}"),
        };
        written.expect("a string takes all that is written");
        self
    }

    fn string(&mut self, text: &str) {
        self.0.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => self.0.extend(['\\', character]),
                character if character.is_control() => {
                    write!(self.0, "\\u{:04x}", u32::from(character))
                        .expect("a string takes all that is written");
                }
                character => self.0.push(character),
            }
        }
        self.0.push('"');
    }
}
