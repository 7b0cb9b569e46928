//! Screen 4: the best sellers on the left, the sales in their time window on the right.

use commerce_core::Time;
use commerce_core::sales::{self, RankBy, SalesSeries, Seller, Step, TopSellers};

use crate::cache::Cached;
use crate::effect::Query;
use crate::effect_queue::EffectQueue;
use crate::selection::{Move, Selection};

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct Top {
    /// The length of the window, as an index of [`WINDOWS`].
    pub window: usize,
    /// How many products are listed at most.
    pub limit: u16,
    /// What they are ranked by, and what the bars show.
    pub by: RankBy,
    /// The best sellers.
    pub sellers: Cached<TopSellers>,
    /// The sales in the window, by hour or by day.
    pub window_sales: Cached<SalesSeries>,
    /// Whether `window_sales` are fetched. A shopper may not see them.
    pub shows_sales: bool,
    /// The selected seller.
    pub selection: Selection,
}

/// The lengths of the window in days.
pub const WINDOWS: [u16; 7] = [1, 3, 7, 14, 30, 90, 365];

/// The limits to choose from: the smallest, the largest, and the step between two.
const LIMITS: (u16, u16, u16) = (5, 100, 5);

impl Top {
    /// The length of the window in days.
    pub fn days(&self) -> u16 {
        WINDOWS[self.window]
    }

    /// The unit of the chart, and how many of them cover the window: hours up to two weeks, days above.
    pub fn step(&self) -> (Step, u16) {
        match self.days() {
            days @ 0..=14 => (Step::Hour, days * 24 + 1),
            days => (Step::Day, days + 1),
        }
    }

    /// The best sellers that are loaded.
    pub fn rows(&self) -> &[Seller] {
        self.sellers.value.as_ref().map_or(&[], |top| &top.items)
    }

    /// Since when a request is in flight.
    pub fn pending_since(&self) -> Option<Time> {
        self.sellers.pending_since().into_iter().chain(self.window_sales.pending_since()).min()
    }

    /// When the next request is due, if one is.
    pub fn due_at(&self) -> Option<Time> {
        let sales = if self.shows_sales { self.window_sales.due_at() } else { None };
        self.sellers.due_at().into_iter().chain(sales).min()
    }

    /// Queues the queries that are due.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue) {
        let (days, limit, by, (step, count)) = (self.days(), self.limit, self.by, self.step());
        self.sellers.fetch_if_due(effects, || Query::TopSellers(sales::Top { days, limit, to: None, by }));
        if self.shows_sales {
            self.window_sales
                .fetch_if_due(effects, || Query::WindowSales(sales::Series { step, count, to: None }));
        }
    }

    /// Marks everything as out of date.
    pub fn mark_stale(&mut self) {
        self.sellers.mark_stale();
        self.window_sales.mark_stale();
    }

    /// Switches to the next longer or shorter window, if there is one, and drops what was loaded for the other window.
    pub fn change_window(&mut self, longer: bool) {
        let window = if longer { self.window + 1 } else { self.window.wrapping_sub(1) };
        if window < WINDOWS.len() {
            self.window = window;
            self.sellers.reset();
            self.window_sales.reset();
            self.selection.apply(Move::To(0), 0);
        }
    }

    /// Ranks by units instead of revenue, or the other way round. Drops the loaded rows, which
    /// have the other ranking.
    pub fn toggle_ranking(&mut self) {
        self.by = match self.by {
            RankBy::Units => RankBy::Revenue,
            RankBy::Revenue => RankBy::Units,
        };
        self.sellers.reset();
        self.selection.apply(Move::To(0), 0);
    }

    /// Lists more or fewer products. The loaded ones stay until the answer arrives.
    pub fn change_limit(&mut self, more: bool) {
        let (least, most, step) = LIMITS;
        let limit = if more { self.limit + step } else { self.limit.saturating_sub(step) };
        self.limit = limit.clamp(least, most);
        self.sellers.refetch();
    }
}

impl Default for Top {
    fn default() -> Self {
        Self {
            window: 1,
            limit: 20,
            by: RankBy::Units,
            sellers: Cached::default(),
            window_sales: Cached::default(),
            shows_sales: true,
            selection: Selection::default(),
        }
    }
}
