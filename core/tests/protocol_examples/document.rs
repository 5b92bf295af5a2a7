//! Reads the document: its fenced exchanges, its sections, its tables.

/// The document as it stands.
pub const TEXT: &str = include_str!("../../PROTOCOL.md");

/// Every exchange, with the number of its first line.
pub fn exchanges() -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside: Option<(usize, String)> = None;
    for (at, line) in TEXT.lines().enumerate() {
        match &mut inside {
            None if line == "```exchange" => inside = Some((at + 2, String::new())),
            Some(_) if line == "```" => found.extend(inside.take()),
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    assert!(inside.is_none(), "every fence is closed");
    found
}

/// The text from a heading that begins so to the next one of its rank.
pub fn section(heading: &str) -> &'static str {
    let from = TEXT
        .find(heading)
        .unwrap_or_else(|| panic!("there is a section {heading}"));
    let rest = &TEXT[from + heading.len()..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The rows of the tables in a section, without their heads, each cell without the spaces around it.
pub fn table(section: &'static str) -> impl Iterator<Item = Vec<String>> {
    let mut body = false;
    section.lines().filter_map(move |line| {
        let Some(cells) = line
            .strip_prefix("| ")
            .and_then(|line| line.strip_suffix('|'))
        else {
            body = false;
            return None;
        };
        if cells.starts_with("---") {
            body = true;
            return None;
        }
        body.then(|| {
            cells
                .split(" | ")
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
    })
}

pub fn first_cell(row: &[String]) -> String {
    row.first().cloned().unwrap_or_default()
}
