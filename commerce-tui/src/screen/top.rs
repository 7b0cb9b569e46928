//! The best sellers on the left, their window of time step by step on the right.

use commerce_core::Time;
use commerce_core::sales::{self, By, SalesSeries, Seller, Step, TopSellers};

use crate::desk::Desk;
use crate::effect::{Ask, Topic};
use crate::slot::Slot;
use crate::spot::{Move, Spot};

/// Screen 4.
#[derive(Clone, Debug)]
pub struct Top {
    /// How many days the window is long: a place in [`WINDOWS`].
    pub window: usize,
    /// How many sellers.
    pub limit: u16,
    /// What they are ranked by, and what the bars show.
    pub by: By,
    /// The best sellers.
    pub sellers: Slot<TopSellers>,
    /// The window step by step.
    pub steps: Slot<SalesSeries>,
    /// The selected seller.
    pub spot: Spot,
}

/// Lengths of the window, in days.
pub const WINDOWS: [u16; 7] = [1, 3, 7, 14, 30, 90, 365];

/// The longest and shortest list.
pub const LIMITS: (u16, u16) = (5, 100);

impl Default for Top {
    fn default() -> Self {
        Self {
            window: 1,
            limit: 20,
            by: By::Units,
            sellers: Slot::default(),
            steps: Slot::default(),
            spot: Spot::default(),
        }
    }
}

impl Top {
    /// How many days the window is long.
    pub fn days(&self) -> u16 {
        WINDOWS[self.window]
    }

    /// The steps of the window: hours of a short one, days of a long one.
    pub fn step(&self) -> (Step, u16) {
        match self.days() {
            days @ 0..=14 => (Step::Hour, days * 24 + 1),
            days => (Step::Day, days + 1),
        }
    }

    /// The sellers.
    pub fn rows(&self) -> &[Seller] {
        self.sellers.value.as_ref().map_or(&[], |top| &top.items)
    }

    /// Since when anything is waited for.
    pub fn since(&self) -> Option<Time> {
        self.sellers.since().into_iter().chain(self.steps.since()).min()
    }

    /// When the next question is due.
    pub fn due(&self) -> Option<Time> {
        self.sellers.due().into_iter().chain(self.steps.due()).min()
    }

    /// Asks for what is wanted.
    pub fn settle(&mut self, desk: &mut Desk) {
        let (days, limit, by, (step, count)) = (self.days(), self.limit, self.by, self.step());
        self.sellers.settle(desk, Topic::Top, || Ask::Top(sales::Top { days, limit, to: None, by }));
        self.steps.settle(desk, Topic::Steps, || Ask::Series(sales::Series { step, count, to: None }));
    }

    /// Another window. What sold in the one before must not stand under its name.
    pub(crate) fn show(&mut self, window: usize) {
        self.window = window;
        self.sellers.reset();
        self.steps.reset();
        self.spot.go(Move::To(0), 0);
    }

    /// Another order. What was best by the one before must not stand under its name.
    pub(crate) fn rank(&mut self, by: By) {
        self.by = by;
        self.sellers.reset();
        self.spot.go(Move::To(0), 0);
    }

    /// Another length of the list; the sellers on show stay until more come.
    pub(crate) fn lengthen(&mut self, limit: u16) {
        self.limit = limit;
        self.sellers.renew();
    }

    /// Wants newer answers.
    pub fn touch(&mut self) {
        self.sellers.touch();
        self.steps.touch();
    }
}
