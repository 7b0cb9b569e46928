//! Quitting while something would be lost or is under way.

use super::*;

#[test]
fn quitting_with_unsaved_input_asks_first() {
    let mut console = Console::stocked(false);
    console.keys("c 5");
    console.event(Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(matches!(console.state.dialogs.last(), Some(Dialog::Confirm(_))));
    console.keys("esc esc q");
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn quitting_with_a_command_in_flight_asks_first() {
    let mut console = Console::stocked(false);
    console.keys("a q");
    assert!(!console.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    console.keys("y");
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
}
