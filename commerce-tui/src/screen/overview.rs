//! Everything at a glance: orders per minute, revenue today, low stock, the newest orders, the outbox.

use commerce_core::catalog::{self, Product, Sort};
use commerce_core::order::{self, Order};
use commerce_core::outbox::{self, Event, Resting};
use commerce_core::sales::{self, SalesSeries, Step};
use commerce_core::{Listing, Page, Time};

use crate::desk::Desk;
use crate::effect::{Ask, Topic};
use crate::slot::Slot;
use crate::spot::{Move, Spot};

/// Screen 7. Low stock is shown among the products too, and the outbox among the events.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// The last hour, minute by minute.
    pub minutes: Slot<SalesSeries>,
    /// The last days, today last.
    pub days: Slot<SalesSeries>,
    /// What is on sale, least stock first.
    pub low: Slot<Listing<Product>>,
    /// The selected row of that.
    pub low_spot: Spot,
    /// The newest orders.
    pub newest: Slot<Listing<Order>>,
    /// The selected row of those.
    pub newest_spot: Spot,
    /// The event that waits longest for its delivery.
    pub oldest: Slot<Listing<Event>>,
    /// The first dead events.
    pub dead: Slot<Listing<Event>>,
}

/// Stock of which there are so many or less is low.
pub const LOW: i64 = 5;

impl Overview {
    /// What is low in stock.
    pub fn low_rows(&self) -> &[Product] {
        let rows = self.low.value.as_ref().map_or(&[][..], |low| &low.items);
        &rows[..rows.partition_point(|product| product.stock.get() <= LOW)]
    }

    /// The selected one.
    pub fn low_row(&self) -> Option<&Product> {
        self.low_rows().get(self.low_spot.selected)
    }

    /// The newest orders.
    pub fn newest_rows(&self) -> &[Order] {
        self.newest.value.as_ref().map_or(&[], |newest| &newest.items)
    }

    /// How many dead events are known of, and whether there are more.
    pub fn dead_events(&self) -> (usize, bool) {
        let dead = self.dead.value.as_ref();
        dead.map_or((0, false), |dead| (dead.items.len(), dead.next_cursor.is_some()))
    }

    /// Since when anything is waited for.
    pub fn since(&self) -> Option<Time> {
        let slots = [self.minutes.since(), self.days.since(), self.low.since(), self.newest.since()];
        slots.into_iter().chain([self.oldest.since(), self.dead.since()]).flatten().min()
    }

    /// When the next question is due.
    pub fn due(&self) -> Option<Time> {
        let slots = [self.minutes.due(), self.days.due(), self.low.due(), self.newest.due()];
        slots.into_iter().flatten().chain(self.outbox_due()).min()
    }

    /// When the next question about the outbox is due.
    pub fn outbox_due(&self) -> Option<Time> {
        self.oldest.due().into_iter().chain(self.dead.due()).min()
    }

    /// Asks for everything.
    pub fn settle(&mut self, desk: &mut Desk) {
        let series = |step, count| move || Ask::Series(sales::Series { step, count, to: None });
        self.minutes.settle(desk, Topic::Minutes, series(Step::Minute, 60));
        self.days.settle(desk, Topic::Days, series(Step::Day, 8));
        self.newest.settle(desk, Topic::Newest, || {
            Ask::Orders(order::List { page: Page::first(100), ..order::List::default() })
        });
        self.settle_low(desk);
        self.settle_outbox(desk);
    }

    /// Asks for what is low in stock.
    pub fn settle_low(&mut self, desk: &mut Desk) {
        self.low.settle(desk, Topic::Low, || {
            let page = Page::first(100);
            Ask::Products(catalog::List { search: None, sort: Sort::Stock, active: Some(true), page })
        });
    }

    /// Asks how the outbox stands.
    pub fn settle_outbox(&mut self, desk: &mut Desk) {
        let events = |status, limit| {
            move || Ask::Events(outbox::List { status: Some(status), page: Page::first(limit) })
        };
        self.oldest.settle(desk, Topic::Oldest, events(Resting::Pending, 1));
        self.dead.settle(desk, Topic::Dead, events(Resting::Dead, 100));
    }

    /// Wants newer answers.
    pub fn touch(&mut self) {
        self.minutes.touch();
        self.days.touch();
        self.low.touch();
        self.newest.touch();
        self.oldest.touch();
        self.dead.touch();
    }

    /// Keeps the selections where there are rows.
    pub fn keep_in_view(&mut self) {
        self.low_spot.go(Move::By(0), self.low_rows().len());
        self.newest_spot.go(Move::By(0), self.newest_rows().len());
    }
}
