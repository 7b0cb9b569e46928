//! Drawing. One file per pane or dialog; each reads the state and writes cells, and changes nothing.

mod cart;
mod customers;
mod dialogs;
mod events;
mod frame;
mod ledger;
mod low;
mod modal;
mod order;
mod orders;
mod overview;
mod paint;
mod products;
mod question;
mod sellers;
mod shop;
mod steps;

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::widgets::Paragraph;

use crate::layout::{Areas, SMALLEST};
use crate::model::State;
use crate::navigation::{Pane, Place};

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    let size = frame.area().as_size();
    let Some(areas) = Areas::of(size, state.place, state.pane()) else {
        return too_small(frame, state);
    };
    frame::header(frame, areas.header, state);
    for pane in [Pane::Left, Pane::Right] {
        if !areas.pane(pane).is_empty() {
            draw_pane(frame, &areas, state, pane);
        }
    }
    frame::footer(frame, areas.footer, state);
    dialogs::draw(frame, state);
    frame::toasts(frame, state);
}

fn draw_pane(frame: &mut Frame<'_>, areas: &Areas, state: &State, pane: Pane) {
    match (state.place, pane) {
        (Place::Shop, Pane::Left) => shop::draw(frame, areas, state),
        (Place::Shop, Pane::Right) => cart::draw(frame, areas, state),
        (Place::Customers, Pane::Left) => customers::draw(frame, areas, state),
        (Place::Customers, Pane::Right) => ledger::draw(frame, areas, state),
        (Place::Orders, Pane::Left) => orders::draw(frame, areas, state),
        (Place::Orders, Pane::Right) => order::draw(frame, areas, state),
        (Place::Top, Pane::Left) => sellers::draw(frame, areas, state),
        (Place::Top, Pane::Right) => steps::draw(frame, areas, state),
        (Place::Products, Pane::Left) => products::draw(frame, areas, state),
        (Place::Products, Pane::Right) => low::draw(frame, areas, state, Pane::Right),
        (Place::Events, Pane::Left) => events::draw(frame, areas, state),
        (Place::Events, Pane::Right) => events::draw_event(frame, areas, state),
        (Place::Overview, Pane::Left) => overview::draw(frame, areas, state),
        (Place::Overview, Pane::Right) => overview::draw_newest(frame, areas, state),
    }
}

fn too_small(frame: &mut Frame<'_>, state: &State) {
    let Rect { width, height, .. } = frame.area();
    let text = format!(
        "The console needs {}x{}.\nThis is {width}x{height}.\nPlease make it larger.",
        SMALLEST.width, SMALLEST.height
    );
    let text = Paragraph::new(text).alignment(Alignment::Center).style(state.setup.theme.text);
    frame.render_widget(text, frame.area());
}
