//! The events' panes: the outgoing events on the left, the outbox and the selected event on the right.

use commerce_core::outbox::{DeliveryStatus, Event};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::widgets::{self, Cell, Column, draw_list, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{age, date_time};

const COLUMNS: [Column; 6] = [
    number_column("EVENT", 8, 0),
    text_column("TYPE", 15, 0),
    text_column("SUBJECT", 0, 0),
    text_column("WHEN (UTC)", 19, 90),
    number_column("ATTEMPTS", 8, 60),
    text_column("STATUS", 11, 0),
];

/// Draws the events' left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let events = &state.events;
    let status = events.status.map_or("all".to_owned(), |status| status_word(&status));
    let title = format!("Events · {status} · oldest first");
    widgets::draw_pane(frame, areas, state, Pane::Left, &title, &widgets::list_position(&events.list));
    let rows = areas.rows(state.screen, Pane::Left);
    let cells = |event: &Event| event_cells(state, event);
    let empty = ["No matching events.", "s changes the status."];
    // The other pane has no rows, so its keys move here too.
    draw_list(frame, state, rows, &COLUMNS, (&events.list, true), cells, &empty);
}

fn event_cells(state: &State, event: &Event) -> Vec<Cell> {
    let theme = &state.config.theme;
    vec![
        (event.event.to_string(), theme.accent),
        (event.kind.clone(), theme.text),
        (event.subject.clone(), theme.text),
        (date_time(event.at), theme.dim),
        (event.attempts.to_string(), theme.text),
        status_cell(state, &event.status),
    ]
}

/// Draws the events' right pane.
pub fn draw_event(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let theme = &state.config.theme;
    let inner = widgets::draw_pane(frame, areas, state, Pane::Right, "Outbox", "");
    let mut lines = outbox_lines(state);
    lines.push(Line::default());
    let Some(event) = state.events.list.selected() else { return widgets::draw_lines(frame, inner, lines) };
    let (status, style) = status_cell(state, &event.status);
    lines.extend([
        Line::styled(format!(" Event {}", event.event), theme.accent),
        widgets::label_value(theme, " Type", event.kind.clone()),
        widgets::label_value(theme, " Subject", event.subject.clone()),
        widgets::label_value(theme, " Happened", date_time(event.at)),
        widgets::label_value(theme, " Status", status).patch_style(style),
        widgets::label_value(theme, " Attempts", event.attempts.to_string()),
        event.next_attempt.map(|at| widgets::label_value(theme, " Next", date_time(at))).unwrap_or_default(),
    ]);
    let used = lines.len() as u16;
    widgets::draw_lines(frame, inner, lines);
    if let Some(error) = &event.last_error {
        let below = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        let below = Rect { y: inner.y + used, height: inner.height.saturating_sub(used), ..below };
        let text = Paragraph::new(commerce_core::escape(error)).style(theme.error).wrap(Wrap { trim: true });
        frame.render_widget(text, below.intersection(inner));
    }
}

/// The state of the outbox: the age of the oldest undelivered event, and how many events are dead.
pub fn outbox_lines(state: &State) -> Vec<Line<'static>> {
    let (overview, theme) = (&state.overview, &state.config.theme);
    let lag = match overview.oldest_pending.value.as_ref().map(|oldest| oldest.items.first()) {
        None => Line::styled(" … outbox", theme.dim),
        Some(None) => Line::styled(" ✓ no event is pending", theme.success),
        Some(Some(event)) => {
            let lag = age(event.at, state.now());
            Line::styled(format!(" ▲ event {} pending for {lag}", event.event), theme.warning)
        }
    };
    let dead = match overview.dead.value.as_ref().map(|_| overview.dead_events()) {
        None => Line::default(),
        Some((0, _)) => Line::styled(" ✓ no event is dead", theme.success),
        Some((dead, more)) => {
            let more = if more { "+" } else { "" };
            Line::styled(format!(" ✗ {dead}{more} dead, see screen 6"), theme.error)
        }
    };
    vec![lag, dead]
}

/// The status of an event, as a mark and a word.
fn status_cell(state: &State, status: &DeliveryStatus) -> (String, Style) {
    let (theme, word) = (&state.config.theme, status_word(status));
    match status {
        DeliveryStatus::Pending => (format!("… {word}"), theme.warning),
        DeliveryStatus::Delivered => (format!("✓ {word}"), theme.success),
        DeliveryStatus::Dead => (format!("✗ {word}"), theme.error),
    }
}

/// The status as JSON has it.
fn status_word(status: &DeliveryStatus) -> String {
    let word = serde_json::to_value(status).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
