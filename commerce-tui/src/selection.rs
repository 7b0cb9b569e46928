//! The selected row of a list, and the rows that are visible.

/// A selection. As in any scrolling list, the selected row is always visible.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    /// The selected row, counted from 0.
    pub selected: usize,
    /// The first visible row.
    pub offset: usize,
    /// How many rows are visible, at least 1.
    pub height: usize,
}

/// A move of the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Down by this many rows, or up if negative.
    By(isize),
    /// Down by this many pages, or up if negative.
    Pages(isize),
    /// To this row.
    To(usize),
    /// To the last row.
    End,
}

impl Default for Selection {
    fn default() -> Self {
        Self { selected: 0, offset: 0, height: 1 }
    }
}

impl Selection {
    /// Moves the selection in a list of `rows` rows, and scrolls so that it is visible.
    pub fn apply(&mut self, step: Move, rows: usize) {
        let page = isize::try_from(self.height).unwrap_or(isize::MAX);
        let target = match step {
            Move::By(by) => self.selected.saturating_add_signed(by),
            Move::Pages(by) => self.selected.saturating_add_signed(by.saturating_mul(page)),
            Move::To(row) => row,
            Move::End => usize::MAX,
        };
        self.selected = target.min(rows.saturating_sub(1));
        let last_offset = rows.saturating_sub(self.height);
        let least = (self.selected + 1).saturating_sub(self.height);
        self.offset = self.offset.min(last_offset).clamp(least, self.selected.max(least));
    }

    /// Keeps the selection within a list that has `rows` rows now.
    pub fn clamp(&mut self, rows: usize) {
        self.apply(Move::By(0), rows);
    }

    /// Sets how many rows are visible in a list of `rows` rows.
    pub fn set_height(&mut self, height: usize, rows: usize) {
        self.height = height.max(1);
        self.clamp(rows);
    }

    /// Panics if the selection is outside the list or not visible.
    #[cfg(test)]
    pub fn check(&self, rows: usize) {
        assert!(self.selected < rows.max(1), "selected {} of {rows}", self.selected);
        assert!(
            self.offset <= self.selected && self.selected < self.offset + self.height,
            "the selection is not visible"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_stays_within_the_rows_and_visible() {
        let mut selection = Selection { selected: 0, offset: 0, height: 5 };
        for (step, rows, selected, offset) in [
            (Move::By(-1), 20, 0, 0),
            (Move::By(6), 20, 6, 2),
            (Move::Pages(1), 20, 11, 7),
            (Move::End, 20, 19, 15),
            (Move::By(0), 10, 9, 5),
            (Move::To(3), 10, 3, 3),
            (Move::By(0), 0, 0, 0),
        ] {
            selection.apply(step, rows);
            assert_eq!((selection.selected, selection.offset), (selected, offset), "{step:?} of {rows}");
            selection.check(rows);
        }
    }
}
