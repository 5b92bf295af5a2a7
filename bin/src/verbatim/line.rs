//! What a typed line means.

use verbatim_core::name::Recipient;

/// A typed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A message.
    Message {
        /// For whom.
        to: Recipient,
        /// Its text.
        body: String,
    },
    /// Who is there?
    Who,
    /// What was said earlier, with whom.
    History {
        /// `None`: with anybody.
        with: Option<Recipient>,
        /// How many lines.
        count: usize,
    },
    /// Take a queued line back: that one, or the last.
    Withdraw(Option<u64>),
    /// Connect now.
    Return,
    /// Give the name up and end.
    Forget,
    /// End.
    Quit,
    /// Tell what can be typed.
    Help,
    /// Nothing but spaces.
    Nothing,
    /// None of these; the text says why.
    Wrong(String),
}

/// Lines of a history that are shown when nobody says how many.
pub(crate) const HISTORY_LINES: usize = 20;

/// Most lines of a history that are shown at once; asked again, those before them come.
pub(crate) const HISTORY_LINES_MAX: usize = 1_000;

/// What can be typed, a line each.
pub(crate) const HELP: &[&str] = &[
    "@bob: hi        to bob (also: @bob hi)",
    "@ALL: hi        to everybody",
    "/who            who is there",
    "/history        what was said earlier; each time what was before (also: /history ALL, /history bob 50)",
    "/withdraw 3     take line 3 back if it has not gone out (without a number: the last one)",
    "/return         connect now",
    "/forget         give the name up and end",
    "/quit           end",
];

/// What is told of it to whoever typed something else.
pub(crate) fn short_help() -> impl Iterator<Item = &'static str> {
    let rest = "/help           what else can be typed";
    HELP[..2].iter().copied().chain([rest])
}

/// Reads a line without its end. A body may hold line breaks: what a paste had.
pub(crate) fn parse(line: &str) -> Typed {
    if let Some(rest) = line.strip_prefix('@') {
        return message(rest);
    }
    let mut words = line.split_whitespace();
    if words.next() == Some("/history") {
        return history(words);
    }
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, ..) => Typed::Nothing,
        (Some("/who"), None, _) => Typed::Who,
        (Some("/return"), None, _) => Typed::Return,
        (Some("/forget"), None, _) => Typed::Forget,
        (Some("/quit"), None, _) => Typed::Quit,
        (Some("/help"), ..) => Typed::Help,
        (Some("/withdraw"), None, _) => Typed::Withdraw(None),
        (Some("/withdraw"), Some(number), None) => match number.trim_start_matches('#').parse() {
            Ok(number) => Typed::Withdraw(Some(number)),
            Err(_) => Typed::Wrong("/withdraw takes the number of a line".into()),
        },
        (Some(word @ ("/who" | "/return" | "/forget" | "/quit")), ..) => {
            Typed::Wrong(format!("{word} stands alone on its line"))
        }
        (Some("/withdraw"), ..) => Typed::Wrong("/withdraw takes the number of one line".into()),
        (Some(word), ..) if word.starts_with('/') => {
            Typed::Wrong("there is no such command".into())
        }
        _ => Typed::Wrong("a message begins with @ and a name".into()),
    }
}

/// A lone number is how many; a name of digits alone is one if a number follows it.
fn history<'a>(mut words: impl Iterator<Item = &'a str>) -> Typed {
    let wrong = || Typed::Wrong("/history takes a name, a number of lines, or both".into());
    let (with, count) = match (words.next(), words.next(), words.next()) {
        (None, ..) => (None, None),
        (Some(one), None, _) if one.parse::<usize>().is_ok() => (None, Some(one)),
        (Some(name), count, None) => (Some(name), count),
        _ => return wrong(),
    };
    let name = with.map(|name| name.strip_prefix('@').unwrap_or(name));
    let with = name
        .map(|name| Recipient::parse(name.as_bytes()))
        .transpose();
    let count = count.map(str::parse).transpose();
    match (with, count) {
        (Ok(with), Ok(count)) => Typed::History {
            with,
            count: count.unwrap_or(HISTORY_LINES).clamp(1, HISTORY_LINES_MAX),
        },
        (Err(bad), _) => Typed::Wrong(bad.text().into()),
        _ => wrong(),
    }
}

fn message(rest: &str) -> Typed {
    let end = rest.find([':', ' ', '\t', '\n']).unwrap_or(rest.len());
    let (name, body) = rest.split_at(end);
    let to = match Recipient::parse(name.as_bytes()) {
        Ok(to) => to,
        Err(bad) => return Typed::Wrong(bad.text().into()),
    };
    let body = body.strip_prefix(':').unwrap_or(body);
    let body = body.strip_prefix([' ', '\t', '\n']).unwrap_or(body);
    match body.trim().is_empty() {
        true => Typed::Wrong("there is nothing after the name".into()),
        false => Typed::Message {
            to,
            body: body.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: &str, body: &str) -> Typed {
        Typed::Message {
            to: Recipient::parse(to.as_bytes()).unwrap(),
            body: body.into(),
        }
    }

    #[test]
    fn the_ways_to_address() {
        for line in ["@bob: hi", "@bob hi", "@bob:hi", "@bob\thi"] {
            assert_eq!(parse(line), message("bob", "hi"), "{line}");
        }
        assert_eq!(parse("@ALL: hi"), message("ALL", "hi"));
        assert_eq!(parse("@all hi"), message("ALL", "hi"));
        assert_eq!(parse("@bob see: this"), message("bob", "see: this"));
        assert_eq!(parse("@bob:  two spaces "), message("bob", " two spaces "));
        assert_eq!(parse("@bob: a\nb"), message("bob", "a\nb"));
    }

    #[test]
    fn commands() {
        assert_eq!(parse(" /who "), Typed::Who);
        assert_eq!(parse("/withdraw"), Typed::Withdraw(None));
        assert_eq!(parse("/withdraw #3"), Typed::Withdraw(Some(3)));
        assert_eq!(parse("   "), Typed::Nothing);
        assert_eq!(parse("/help me"), Typed::Help);
        let history = |with: &str, count| Typed::History {
            with: (!with.is_empty()).then(|| Recipient::parse(with.as_bytes()).unwrap()),
            count,
        };
        assert_eq!(parse("/history"), history("", 20));
        assert_eq!(parse("/history 7"), history("", 7));
        assert_eq!(parse("/history bob"), history("bob", 20));
        assert_eq!(parse("/history @ALL 9999999"), history("ALL", 1_000));
        assert_eq!(parse("/history 42 7"), history("42", 7));
    }

    #[test]
    fn everything_else_is_wrong_and_says_why() {
        for line in [
            "hi",
            "/nothing",
            "/who bob",
            "/withdraw x",
            "/withdraw 1 2",
            "@",
            "@bob",
            "@bob:",
            "@bob: ",
            "@b-b hi",
            "@é hi",
            "/quit now",
            "/history bob carol",
            "/history b-b",
            "/history bob 1 2",
        ] {
            let Typed::Wrong(why) = parse(line) else {
                panic!("{line:?} is taken");
            };
            let is_none = why == "there is no such command";
            assert_eq!(is_none, line == "/nothing", "{line}: {why}");
        }
    }
}
