//! Asks for a secret on a terminal, which shows none of it.

use std::io::{self, IsTerminal, Write};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

/// Whether there is a terminal to ask on.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and returns what was typed or pasted before Enter; None if Ctrl-C or Ctrl-D ended it.
pub fn ask(prompt: &str) -> io::Result<Option<String>> {
    // The terminal echoes nothing in raw mode, so the mode comes before the prompt. Ctrl-C is then a key, so it is always
    // restored.
    enable_raw_mode()?;
    let typed =
        write!(io::stderr(), "{prompt}: ").and_then(|()| io::stderr().flush()).and_then(|()| read_line());
    disable_raw_mode()?;
    writeln!(io::stderr())?;
    typed
}

fn read_line() -> io::Result<Option<String>> {
    let mut text = String::new();
    loop {
        let Event::Key(KeyEvent { code, modifiers, kind, .. }) = read()? else { continue };
        if kind == KeyEventKind::Release {
            continue;
        }
        match (code, modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Enter, _) | (KeyCode::Char('j' | 'm'), true) => return Ok(Some(text)),
            (KeyCode::Char('c' | 'd'), true) => return Ok(None),
            (KeyCode::Char('u'), true) => text.clear(),
            (KeyCode::Backspace, _) => drop(text.pop()),
            (KeyCode::Char(letter), false) => text.push(letter),
            _ => {}
        }
    }
}
