//! Where one is in a list: the row that is selected, and the rows on show.

/// A place in a list.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// The row that is selected.
    pub selected: usize,
    /// The first row on show.
    pub top: usize,
    /// How many rows are on show.
    pub height: usize,
}

/// A way to move the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// By so many rows.
    By(isize),
    /// By so many pages.
    Pages(isize),
    /// To a row.
    To(usize),
    /// To the last row.
    End,
}

impl Default for Spot {
    fn default() -> Self {
        Self { selected: 0, top: 0, height: 1 }
    }
}

impl Spot {
    /// Moves the selection within `rows` rows, and keeps it in view.
    pub fn go(&mut self, step: Move, rows: usize) {
        let page = isize::try_from(self.height).unwrap_or(isize::MAX);
        let wanted = match step {
            Move::By(by) => self.selected.saturating_add_signed(by),
            Move::Pages(by) => self.selected.saturating_add_signed(by.saturating_mul(page)),
            Move::To(place) => place,
            Move::End => usize::MAX,
        };
        self.selected = wanted.min(rows.saturating_sub(1));
        let last_top = rows.saturating_sub(self.height);
        let least = (self.selected + 1).saturating_sub(self.height);
        self.top = self.top.min(last_top).clamp(least, self.selected.max(least));
    }

    /// Says how many rows are on show, of how many there are.
    pub fn set_height(&mut self, height: usize, rows: usize) {
        self.height = height.max(1);
        self.go(Move::By(0), rows);
    }

    /// Panics where the selection is no row, or out of view.
    #[cfg(test)]
    pub fn check(&self, rows: usize) {
        assert!(self.selected < rows.max(1), "selected {} of {rows}", self.selected);
        assert!(self.top <= self.selected && self.selected < self.top + self.height, "out of view");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_stays_within_the_rows_and_in_view() {
        let mut spot = Spot { selected: 0, top: 0, height: 5 };
        for (step, rows, selected, top) in [
            (Move::By(-1), 20, 0, 0),
            (Move::By(6), 20, 6, 2),
            (Move::Pages(1), 20, 11, 7),
            (Move::End, 20, 19, 15),
            (Move::By(0), 10, 9, 5),
            (Move::To(3), 10, 3, 3),
            (Move::By(0), 0, 0, 0),
        ] {
            spot.go(step, rows);
            assert_eq!((spot.selected, spot.top), (selected, top), "{step:?} of {rows}");
            spot.check(rows);
        }
    }
}
