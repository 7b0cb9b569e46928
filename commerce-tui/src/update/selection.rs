//! The selection of each pane: moved by keys, the mouse wheel and clicks, and visible at any size.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use crate::layout::Areas;
use crate::list::{List, Row};
use crate::model::State;
use crate::navigation::{Pane, Screen};
use crate::selection::{Move, Selection};

/// How many rows one step of the mouse wheel moves.
const WHEEL_ROWS: isize = 3;

impl State {
    /// Moves the selection of the focused pane.
    pub(super) fn move_selection(&mut self, step: Move) {
        let pane = self.pane();
        self.move_selection_in(pane, step);
    }

    /// Moves the selection of a pane.
    pub(super) fn move_selection_in(&mut self, pane: Pane, step: Move) {
        if (self.screen, pane) == (Screen::Orders, Pane::Left) {
            // Another order has other lines.
            self.orders.line_selection.apply(Move::To(0), 0);
        }
        let (selection, rows) = self.selection_of(pane);
        selection.apply(step, rows);
    }

    pub(super) fn handle_mouse(&mut self, mouse: MouseEvent) {
        let wheel = match mouse.kind {
            MouseEventKind::ScrollDown => Some(WHEEL_ROWS),
            MouseEventKind::ScrollUp => Some(-WHEEL_ROWS),
            _ => None,
        };
        if !self.dialogs.is_empty() {
            if let Some(by) = wheel {
                self.scroll_dialog(by);
            }
            return;
        }
        let Some(areas) = Areas::of(self.size, self.screen, self.pane()) else { return };
        let at = Position::new(mouse.column, mouse.row);
        if let (Some(by), Some(pane)) = (wheel, areas.pane_at(at)) {
            self.move_selection_in(pane, Move::By(by));
        }
        if mouse.kind == MouseEventKind::Down(MouseButton::Left) {
            if let Some(screen) = areas.tab_at(at, &self.config.role) {
                self.go_to(screen);
            } else if let Some(pane) = areas.pane_at(at) {
                self.focus_pane(pane);
                let rows = areas.rows(self.screen, pane);
                if rows.contains(at) {
                    let row = self.selection_of(pane).0.offset + usize::from(at.y - rows.y);
                    self.move_selection_in(pane, Move::To(row));
                }
            }
        }
    }

    /// Tells every list of the screen how many of its rows are visible. A pane without rows of its own shares its
    /// neighbour's selection, and must not change its height.
    pub(super) fn update_heights(&mut self) {
        let Some(areas) = Areas::of(self.size, self.screen, self.pane()) else { return };
        for pane in [Pane::Left, Pane::Right] {
            if pane == Pane::Left || !matches!(self.screen, Screen::Top | Screen::Events) {
                let height = usize::from(areas.rows(self.screen, pane).height);
                let (selection, rows) = self.selection_of(pane);
                selection.set_height(height, rows);
            }
        }
    }

    // The selection that a pane's keys move, and its number of rows. A pane without rows of its own moves its
    // neighbour's.
    fn selection_of(&mut self, pane: Pane) -> (&mut Selection, usize) {
        fn of_list<T: Row>(list: &mut List<T>) -> (&mut Selection, usize) {
            let rows = list.known_rows().0;
            (&mut list.selection, rows)
        }
        match (self.screen, pane) {
            (Screen::Shop, Pane::Left) => of_list(&mut self.shop.list),
            (Screen::Shop, Pane::Right) => {
                let rows = self.shop.lines().len();
                (&mut self.shop.cart_selection, rows)
            }
            (Screen::Customers, Pane::Left) => of_list(&mut self.customers.list),
            (Screen::Customers, Pane::Right) => of_list(&mut self.customers.ledger),
            (Screen::Orders, Pane::Left) => of_list(&mut self.orders.list),
            (Screen::Orders, Pane::Right) => {
                let rows = self.orders.line_count();
                (&mut self.orders.line_selection, rows)
            }
            (Screen::Top, _) => {
                let rows = self.top.rows().len();
                (&mut self.top.selection, rows)
            }
            (Screen::Products, Pane::Left) => of_list(&mut self.products.list),
            (Screen::Events, _) => of_list(&mut self.events.list),
            (Screen::Products, Pane::Right) if self.products.history_of.is_some() => {
                of_list(&mut self.products.history)
            }
            (Screen::Products, Pane::Right) | (Screen::Overview, Pane::Left) => {
                let rows = self.overview.low_stock_rows().len();
                (&mut self.overview.low_stock_selection, rows)
            }
            (Screen::Overview, Pane::Right) => {
                let rows = self.overview.newest_rows().len();
                (&mut self.overview.newest_selection, rows)
            }
        }
    }
}
