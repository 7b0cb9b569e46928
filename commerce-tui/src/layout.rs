//! Where everything lies. The views draw by it, and a click is understood by it.

use ratatui::layout::{Position, Rect, Size};

use crate::navigation::{Pane, Place};

/// The areas of the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Areas {
    /// The tabs.
    pub header: Rect,
    /// The keys that work now.
    pub footer: Rect,
    /// The left pane; empty in the narrow layout while the right one has the focus.
    pub left: Rect,
    /// The right pane, likewise.
    pub right: Rect,
}

/// The smallest terminal that can be used.
pub const SMALLEST: Size = Size { width: 40, height: 12 };

/// From here on both panes stand side by side.
const WIDE: u16 = 80;

impl Areas {
    /// The areas, or nothing where the terminal is too small.
    pub fn of(size: Size, place: Place, focus: Pane) -> Option<Self> {
        if size.width < SMALLEST.width || size.height < SMALLEST.height {
            return None;
        }
        let Size { width, height } = size;
        let body = Rect::new(0, 1, width, height - 2);
        let (left, right) = match (width >= WIDE, focus) {
            (true, _) => {
                let part = width * share(place) / 100;
                (Rect { width: part, ..body }, Rect { x: part, width: width - part, ..body })
            }
            (false, Pane::Left) => (body, Rect::ZERO),
            (false, Pane::Right) => (Rect::ZERO, body),
        };
        let (header, footer) = (Rect::new(0, 0, width, 1), Rect::new(0, height - 1, width, 1));
        Some(Self { header, footer, left, right })
    }

    /// A pane.
    pub fn pane(&self, pane: Pane) -> Rect {
        match pane {
            Pane::Left => self.left,
            Pane::Right => self.right,
        }
    }

    /// The rows of a pane's list.
    pub fn rows(&self, place: Place, pane: Pane) -> Rect {
        let area = self.pane(pane);
        let (above, below) = margins(place, pane);
        let lost = above + below + 2;
        if area.height <= lost || area.width <= 2 {
            return Rect::ZERO;
        }
        Rect::new(area.x + 1, area.y + 1 + above, area.width - 2, area.height - lost)
    }

    /// The tab at this column.
    pub fn tab(&self, at: Position) -> Option<Place> {
        if at.y != self.header.y {
            return None;
        }
        tabs(self.header.width)
            .find(|(_, start, width)| (*start..start + width).contains(&at.x))
            .map(|tab| tab.0)
    }

    /// The pane at this place.
    pub fn pane_at(&self, at: Position) -> Option<Pane> {
        [Pane::Left, Pane::Right].into_iter().find(|&pane| self.pane(pane).contains(at))
    }
}

/// The tabs with their first column and width, where there is room for them.
pub fn tabs(width: u16) -> impl Iterator<Item = (Place, u16, u16)> {
    let places = if width >= WIDE { &Place::ALL[..] } else { &[] };
    let gap = if width >= 100 { 2 } else { 1 };
    let mut start = 1;
    places.iter().map(move |&place| {
        let long = place.title().len() as u16 + 2;
        let tab = (place, start, long);
        start += long + gap;
        tab
    })
}

/// The part of the width that the left pane gets, of 100.
fn share(place: Place) -> u16 {
    match place {
        Place::Shop | Place::Products => 58,
        Place::Customers => 48,
        Place::Orders => 52,
        Place::Top => 64,
        Place::Events => 64,
        Place::Overview => 48,
    }
}

/// Lines above and below the rows, within the border.
fn margins(place: Place, pane: Pane) -> (u16, u16) {
    match (place, pane) {
        (Place::Shop, Pane::Right) => (4, 2),
        (Place::Customers, Pane::Right) => (4, 0),
        (Place::Orders, Pane::Right) => (6, 3),
        (Place::Overview, Pane::Left) => (10, 0),
        _ => (1, 0),
    }
}

/// The rows of the list from which a customer is picked.
pub fn picker_rows(size: Size) -> usize {
    usize::from(picker(size).height.saturating_sub(5)).max(1)
}

/// Where a customer is picked.
pub fn picker(size: Size) -> Rect {
    centered(size, 64, 20)
}

/// A rectangle of at most this size in the middle, with the header and footer left free.
pub fn centered(size: Size, width: u16, height: u16) -> Rect {
    let (width, height) =
        (width.min(size.width.saturating_sub(2)), height.min(size.height.saturating_sub(2)));
    let left = (size.width - width) / 2;
    Rect::new(left, 1 + size.height.saturating_sub(2 + height) / 2, width, height)
}
