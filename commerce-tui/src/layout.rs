//! The areas of the screen, for drawing and to find what a click hits.

use ratatui::layout::{Position, Rect, Size};

use crate::navigation::{Pane, Screen};
use crate::role::Role;

/// The areas of the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Areas {
    /// The line of the tabs.
    pub header: Rect,
    /// The line of the keys that work now.
    pub footer: Rect,
    /// The left pane; empty in a narrow terminal while the right one has the focus.
    pub left: Rect,
    /// The right pane; empty in a narrow terminal while the left one has the focus.
    pub right: Rect,
}

/// The smallest terminal that the console works in.
pub const MIN_SIZE: Size = Size { width: 40, height: 12 };

/// The width from which both panes are visible, side by side.
const WIDE: u16 = 80;

impl Areas {
    /// The areas; none if the terminal is too small.
    pub fn of(size: Size, screen: Screen, focus: Pane) -> Option<Self> {
        if size.width < MIN_SIZE.width || size.height < MIN_SIZE.height {
            return None;
        }
        let Size { width, height } = size;
        let body = Rect::new(0, 1, width, height - 2);
        let (left, right) = match (width >= WIDE, focus) {
            (true, _) => {
                let part = width * left_percent(screen) / 100;
                (Rect { width: part, ..body }, Rect { x: part, width: width - part, ..body })
            }
            (false, Pane::Left) => (body, Rect::ZERO),
            (false, Pane::Right) => (Rect::ZERO, body),
        };
        let (header, footer) = (Rect::new(0, 0, width, 1), Rect::new(0, height - 1, width, 1));
        Some(Self { header, footer, left, right })
    }

    /// The area of a pane, with its border.
    pub fn pane(&self, pane: Pane) -> Rect {
        match pane {
            Pane::Left => self.left,
            Pane::Right => self.right,
        }
    }

    /// The area of the rows of a pane's list, below its headings.
    pub fn rows(&self, screen: Screen, pane: Pane) -> Rect {
        let area = self.pane(pane);
        let (above, below) = margins(screen, pane);
        let used = above + below + 2;
        if area.height <= used || area.width <= 2 {
            return Rect::ZERO;
        }
        Rect::new(area.x + 1, area.y + 1 + above, area.width - 2, area.height - used)
    }

    /// The screen whose tab is at this position, for this role.
    pub fn tab_at(&self, at: Position, role: &Role) -> Option<Screen> {
        if at.y != self.header.y {
            return None;
        }
        tabs(self.header.width, role)
            .find(|(_, start, width)| (*start..start + width).contains(&at.x))
            .map(|tab| tab.0)
    }

    /// The pane at this position.
    pub fn pane_at(&self, at: Position) -> Option<Pane> {
        [Pane::Left, Pane::Right].into_iter().find(|&pane| self.pane(pane).contains(at))
    }
}

/// The tabs of the screens that the role sees, with their first column and width; none in a narrow terminal.
pub fn tabs(width: u16, role: &Role) -> impl Iterator<Item = (Screen, u16, u16)> {
    let screens = if width >= WIDE { &Screen::ALL[..] } else { &[] };
    let gap = if width >= 100 { 2 } else { 1 };
    let mut start = 1;
    screens.iter().filter(|screen| role.sees(**screen)).map(move |&screen| {
        let tab_width = screen.title().len() as u16 + 2;
        let tab = (screen, start, tab_width);
        start += tab_width + gap;
        tab
    })
}

/// The width of the left pane, in percent.
fn left_percent(screen: Screen) -> u16 {
    match screen {
        Screen::Shop | Screen::Products => 58,
        Screen::Customers => 48,
        Screen::Orders => 52,
        Screen::Top => 64,
        Screen::Events => 64,
        Screen::Overview => 48,
    }
}

/// The lines above and below the rows of a pane, within its border.
fn margins(screen: Screen, pane: Pane) -> (u16, u16) {
    match (screen, pane) {
        (Screen::Shop, Pane::Right) => (4, 2),
        (Screen::Customers, Pane::Right) => (5, 0),
        (Screen::Orders, Pane::Right) => (6, 3),
        (Screen::Overview, Pane::Left) => (10, 0),
        _ => (1, 0),
    }
}

/// How many rows the choice of a customer shows.
pub fn picker_rows(size: Size) -> usize {
    usize::from(picker_area(size).height.saturating_sub(5)).max(1)
}

/// The area of the choice of a customer.
pub fn picker_area(size: Size) -> Rect {
    centered(size, 64, 20)
}

/// A centered area of at most this size that leaves the header and footer free.
pub fn centered(size: Size, width: u16, height: u16) -> Rect {
    let (width, height) =
        (width.min(size.width.saturating_sub(2)), height.min(size.height.saturating_sub(2)));
    let left = (size.width - width) / 2;
    Rect::new(left, 1 + size.height.saturating_sub(2 + height) / 2, width, height)
}
