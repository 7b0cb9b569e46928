//! Drawing, with one file per pane or dialog. The views read the state and change nothing.

mod best_sellers;
mod cart;
mod customers;
mod dialogs;
mod events;
mod frame;
mod ledger;
mod low_stock;
mod order;
mod orders;
mod overview;
mod products;
mod sales_chart;
mod shop;
mod stock_history;
mod widgets;

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::widgets::Paragraph;

use crate::layout::{Areas, MIN_SIZE};
use crate::model::State;
use crate::navigation::{Pane, Screen};

/// Draws a frame.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    let size = frame.area().as_size();
    let Some(areas) = Areas::of(size, state.screen, state.pane()) else {
        return too_small(frame, state);
    };
    frame::draw_header(frame, areas.header, state);
    for pane in [Pane::Left, Pane::Right] {
        if !areas.pane(pane).is_empty() {
            draw_pane(frame, &areas, state, pane);
        }
    }
    frame::draw_footer(frame, areas.footer, state);
    dialogs::draw(frame, state);
    frame::draw_toasts(frame, state);
}

fn draw_pane(frame: &mut Frame<'_>, areas: &Areas, state: &State, pane: Pane) {
    match (state.screen, pane) {
        (Screen::Shop, Pane::Left) => shop::draw(frame, areas, state),
        (Screen::Shop, Pane::Right) => cart::draw(frame, areas, state),
        (Screen::Customers, Pane::Left) => customers::draw(frame, areas, state),
        (Screen::Customers, Pane::Right) => ledger::draw(frame, areas, state),
        (Screen::Orders, Pane::Left) => orders::draw(frame, areas, state),
        (Screen::Orders, Pane::Right) => order::draw(frame, areas, state),
        (Screen::Top, Pane::Left) => best_sellers::draw(frame, areas, state),
        (Screen::Top, Pane::Right) => sales_chart::draw(frame, areas, state),
        (Screen::Products, Pane::Left) => products::draw(frame, areas, state),
        (Screen::Products, Pane::Right) if state.products.history_of.is_some() => {
            stock_history::draw(frame, areas, state);
        }
        (Screen::Products, Pane::Right) => low_stock::draw(frame, areas, state, Pane::Right),
        (Screen::Events, Pane::Left) => events::draw(frame, areas, state),
        (Screen::Events, Pane::Right) => events::draw_event(frame, areas, state),
        (Screen::Overview, Pane::Left) => overview::draw(frame, areas, state),
        (Screen::Overview, Pane::Right) => overview::draw_newest(frame, areas, state),
    }
}

fn too_small(frame: &mut Frame<'_>, state: &State) {
    let Rect { width, height, .. } = frame.area();
    let text = format!(
        "The console needs {}x{}.\nThe terminal has {width}x{height}.\nPlease enlarge it.",
        MIN_SIZE.width, MIN_SIZE.height
    );
    let text = Paragraph::new(text).alignment(Alignment::Center).style(state.config.theme.text);
    frame.render_widget(text, frame.area());
}
