//! The outgoing events, and how the outbox and the selected one stand.

use commerce_core::outbox::{Event, Resting};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::paint::{self, Cell, Column, number, table, text};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{ago, moment};

const COLUMNS: [Column; 6] = [
    number("EVENT", 8, 0),
    text("TYPE", 15, 0),
    text("SUBJECT", 0, 0),
    text("WHEN (UTC)", 19, 90),
    number("TRIES", 5, 60),
    text("STATUS", 11, 0),
];

/// Draws the events' left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let events = &state.events;
    let status = events.status.map_or("all".to_owned(), |status| word(&status));
    let title = format!("Events · {status} · oldest first");
    paint::pane(frame, areas, state, Pane::Left, &title, &paint::place(&events.list));
    let rows = areas.rows(state.place, Pane::Left);
    let cells = |place: usize| events.list.get(place).map(|event| event_cells(state, event));
    let known = events.list.known().0;
    table(frame, state, rows, &COLUMNS, (&events.list.spot, known, true), cells);
    if known == 0 {
        let empty = ["No event fits.", "s shows others."];
        paint::no_rows(frame, state, rows, events.list.fault.as_ref(), events.list.untouched(), &empty);
    }
}

fn event_cells(state: &State, event: &Event) -> Vec<Cell> {
    let theme = &state.setup.theme;
    vec![
        (event.event.to_string(), theme.accent),
        (event.kind.clone(), theme.text),
        (event.subject.clone(), theme.text),
        (moment(event.at), theme.dim),
        (event.attempts.to_string(), theme.text),
        standing(state, &event.status),
    ]
}

/// Draws the events' right pane.
pub fn draw_event(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let theme = &state.setup.theme;
    let inner = paint::pane(frame, areas, state, Pane::Right, "Outbox", "");
    let mut lines = outbox(state);
    lines.push(Line::default());
    let Some(event) = state.events.list.current() else { return paint::lines(frame, inner, lines) };
    let (mark, style) = standing(state, &event.status);
    lines.extend([
        Line::styled(format!(" Event {}", event.event), theme.accent),
        paint::pair(theme, " Type", event.kind.clone()),
        paint::pair(theme, " Subject", event.subject.clone()),
        paint::pair(theme, " Happened", moment(event.at)),
        paint::pair(theme, " Status", mark).patch_style(style),
        paint::pair(theme, " Tries", event.attempts.to_string()),
        event.next_attempt.map(|at| paint::pair(theme, " Next", moment(at))).unwrap_or_default(),
    ]);
    let used = lines.len() as u16;
    paint::lines(frame, inner, lines);
    if let Some(error) = &event.last_error {
        let below = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        let below = Rect { y: inner.y + used, height: inner.height.saturating_sub(used), ..below };
        let text = Paragraph::new(commerce_core::escape(error)).style(theme.bad).wrap(Wrap { trim: true });
        frame.render_widget(text, below.intersection(inner));
    }
}

/// How the outbox stands: how long the oldest event waits, and how many are dead.
pub fn outbox(state: &State) -> Vec<Line<'static>> {
    let (overview, theme) = (&state.overview, &state.setup.theme);
    let lag = match overview.oldest.value.as_ref().map(|oldest| oldest.items.first()) {
        None => Line::styled(" … outbox", theme.dim),
        Some(None) => Line::styled(" ✓ nothing waits for delivery", theme.good),
        Some(Some(event)) => {
            let lag = ago(event.at, state.now());
            Line::styled(format!(" ▲ event {} waits for {lag}", event.event), theme.warn)
        }
    };
    let dead = match overview.dead.value.as_ref().map(|dead| (dead.items.len(), dead.next_cursor.is_some())) {
        None => Line::default(),
        Some((0, _)) => Line::styled(" ✓ none is dead", theme.good),
        Some((dead, more)) => {
            let more = if more { "+" } else { "" };
            Line::styled(format!(" ✗ {dead}{more} dead: see screen 6"), theme.bad)
        }
    };
    vec![lag, dead]
}

/// How an event stands, as a mark and a word.
fn standing(state: &State, status: &Resting) -> (String, Style) {
    let (theme, word) = (&state.setup.theme, word(status));
    match status {
        Resting::Pending => (format!("… {word}"), theme.warn),
        Resting::Delivered => (format!("✓ {word}"), theme.good),
        Resting::Dead => (format!("✗ {word}"), theme.bad),
    }
}

/// The word that programs read too.
fn word(status: &Resting) -> String {
    let word = serde_json::to_value(status).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
