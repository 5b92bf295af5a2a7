//! What the keys do.

use super::editor::{Editor, Span};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What an event means beyond the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The screen may look different.
    Draw,
    /// The line is finished.
    Submit(String),
    /// The user wants to end.
    Quit,
    /// The terminal has another size.
    Resize(u16, u16),
    /// Draw everything anew.
    Refresh,
    /// The shell is to have the terminal for a while.
    Suspend,
    /// Nothing.
    Nothing,
}

/// Takes an event of the terminal.
pub(crate) fn on_event(editor: &mut Editor, event: Event) -> Act {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => on_key(editor, key),
        Event::Paste(text) => {
            editor.insert(&text);
            Act::Draw
        }
        Event::Resize(columns, rows) => Act::Resize(columns, rows),
        _ => Act::Nothing,
    }
}

fn on_key(editor: &mut Editor, key: KeyEvent) -> Act {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    match key.code {
        KeyCode::Enter if alt => editor.insert("\n"),
        KeyCode::Enter => return Act::Submit(editor.take()),
        KeyCode::Char(letter) if control => return on_control(editor, letter),
        KeyCode::Char('b') if alt => editor.go(Span::WordLeft),
        KeyCode::Char('f') if alt => editor.go(Span::WordRight),
        KeyCode::Char('d') if alt => editor.delete(Span::WordRight),
        KeyCode::Char(letter) if !alt => editor.insert(letter.encode_utf8(&mut [0; 4])),
        KeyCode::Tab => editor.insert("\t"),
        KeyCode::Backspace if alt || control => editor.delete(Span::WordLeft),
        KeyCode::Backspace => editor.delete(Span::Left),
        KeyCode::Delete => editor.delete(Span::Right),
        KeyCode::Left if control || alt => editor.go(Span::WordLeft),
        KeyCode::Right if control || alt => editor.go(Span::WordRight),
        KeyCode::Left => editor.go(Span::Left),
        KeyCode::Right => editor.go(Span::Right),
        KeyCode::Home => editor.go(Span::Start),
        KeyCode::End => editor.go(Span::End),
        KeyCode::Up => editor.older(),
        KeyCode::Down => editor.newer(),
        _ => return Act::Nothing,
    }
    Act::Draw
}

/// As in a shell. Control-C first clears what is typed, and ends when nothing is.
fn on_control(editor: &mut Editor, letter: char) -> Act {
    match letter {
        'c' | 'd' if editor.is_empty() => return Act::Quit,
        'c' => drop(editor.take()),
        'd' => editor.delete(Span::Right),
        'a' => editor.go(Span::Start),
        'e' => editor.go(Span::End),
        'b' => editor.go(Span::Left),
        'f' => editor.go(Span::Right),
        'h' => editor.delete(Span::Left),
        'w' => editor.delete(Span::WordLeft),
        'u' => editor.delete(Span::Start),
        'k' => editor.delete(Span::End),
        'p' => editor.older(),
        'n' => editor.newer(),
        'j' => return Act::Submit(editor.take()),
        'l' => return Act::Refresh,
        'z' => return Act::Suspend,
        _ => return Act::Nothing,
    }
    Act::Draw
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) -> Act {
        on_event(editor, Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn control_c_clears_first_and_then_ends() {
        let mut editor = Editor::default();
        press(&mut editor, KeyCode::Char('x'), KeyModifiers::NONE);
        let control_c =
            |editor: &mut Editor| press(editor, KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(control_c(&mut editor), Act::Draw);
        assert_eq!(control_c(&mut editor), Act::Quit);
        editor.older();
        assert_eq!(editor.text(), "x", "what was cleared can be had again");
    }

    #[test]
    fn control_z_leaves_what_is_typed() {
        let mut editor = Editor::default();
        press(&mut editor, KeyCode::Char('x'), KeyModifiers::NONE);
        let act = press(&mut editor, KeyCode::Char('z'), KeyModifiers::CONTROL);
        assert_eq!((act, editor.text()), (Act::Suspend, "x"));
    }

    #[test]
    fn a_paste_sends_nothing_before_enter() {
        let mut editor = Editor::default();
        let act = on_event(&mut editor, Event::Paste("@bob: a\n@bob: b\n".into()));
        assert_eq!(act, Act::Draw);
        let act = press(&mut editor, KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(act, Act::Submit("@bob: a\n@bob: b\n".into()));
    }
}
