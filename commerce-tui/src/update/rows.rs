//! Where one is in the rows of each pane: moved by keys, the wheel and clicks, and kept in view at any size.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use crate::layout::Areas;
use crate::list::{List, Row};
use crate::model::State;
use crate::navigation::{Pane, Place};
use crate::spot::{Move, Spot};

impl State {
    pub(super) fn step(&mut self, step: Move) {
        let pane = self.pane();
        self.step_in(pane, step);
    }

    pub(super) fn step_in(&mut self, pane: Pane, step: Move) {
        if (self.place, pane) == (Place::Orders, Pane::Left) {
            self.orders.spot.go(Move::To(0), 0);
        }
        let (spot, rows) = self.rows_of(pane);
        spot.go(step, rows);
    }

    pub(super) fn mouse(&mut self, mouse: MouseEvent) {
        let wheel = match mouse.kind {
            MouseEventKind::ScrollDown => Some(3),
            MouseEventKind::ScrollUp => Some(-3),
            _ => None,
        };
        if !self.dialogs.is_empty() {
            if let Some(by) = wheel {
                self.scroll_dialog(by);
            }
            return;
        }
        let Some(areas) = Areas::of(self.size, self.place, self.pane()) else { return };
        let at = Position::new(mouse.column, mouse.row);
        if let (Some(by), Some(pane)) = (wheel, areas.pane_at(at)) {
            self.step_in(pane, Move::By(by));
        }
        if mouse.kind == MouseEventKind::Down(MouseButton::Left) {
            if let Some(place) = areas.tab(at) {
                self.go(place);
            } else if let Some(pane) = areas.pane_at(at) {
                self.turn_to(pane);
                let rows = areas.rows(self.place, pane);
                if rows.contains(at) {
                    let place = self.rows_of(pane).0.top + usize::from(at.y - rows.y);
                    self.step_in(pane, Move::To(place));
                }
            }
        }
    }

    /// Every list learns how many of its rows are on show. A pane without rows leaves its neighbour's alone.
    pub(super) fn fit(&mut self) {
        let Some(areas) = Areas::of(self.size, self.place, self.pane()) else { return };
        for pane in [Pane::Left, Pane::Right] {
            if pane == Pane::Left || !matches!(self.place, Place::Top | Place::Events) {
                let height = usize::from(areas.rows(self.place, pane).height);
                let (spot, rows) = self.rows_of(pane);
                spot.set_height(height, rows);
            }
        }
    }

    // Where one is in a pane's rows, and how many there are. Beside a list that has no neighbour with rows of
    // its own, both panes move in the list.
    fn rows_of(&mut self, pane: Pane) -> (&mut Spot, usize) {
        fn of<T: Row>(list: &mut List<T>) -> (&mut Spot, usize) {
            let rows = list.known().0;
            (&mut list.spot, rows)
        }
        match (self.place, pane) {
            (Place::Shop, Pane::Left) => of(&mut self.shop.list),
            (Place::Shop, Pane::Right) => {
                let rows = self.shop.lines().len();
                (&mut self.shop.spot, rows)
            }
            (Place::Customers, Pane::Left) => of(&mut self.customers.list),
            (Place::Customers, Pane::Right) => of(&mut self.customers.ledger),
            (Place::Orders, Pane::Left) => of(&mut self.orders.list),
            (Place::Orders, Pane::Right) => {
                let rows = self.orders.lines();
                (&mut self.orders.spot, rows)
            }
            (Place::Top, _) => {
                let rows = self.top.rows().len();
                (&mut self.top.spot, rows)
            }
            (Place::Products, Pane::Left) => of(&mut self.products.list),
            (Place::Events, _) => of(&mut self.events.list),
            (Place::Products, Pane::Right) | (Place::Overview, Pane::Left) => {
                let rows = self.overview.low_rows().len();
                (&mut self.overview.low_spot, rows)
            }
            (Place::Overview, Pane::Right) => {
                let rows = self.overview.newest_rows().len();
                (&mut self.overview.newest_spot, rows)
            }
        }
    }
}
