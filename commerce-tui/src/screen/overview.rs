//! Screen 7, the shop at a glance: orders by minute, today's revenue, low stock, the newest orders, the outbox.

use commerce_core::catalog::{self, Product, Sort};
use commerce_core::order::{self, Order};
use commerce_core::outbox::{self, DeliveryStatus, Event};
use commerce_core::sales::{self, SalesSeries, Step};
use commerce_core::{Listing, Page, Time};

use crate::cache::Cached;
use crate::effect::Query;
use crate::effect_queue::EffectQueue;
use crate::selection::Selection;

/// The state of the screen. The products' screen shows low stock too, the events' screen the outbox.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// The sales of the last hour, by minute.
    pub minutes: Cached<SalesSeries>,
    /// The sales of the last days, today last.
    pub days: Cached<SalesSeries>,
    /// The products on sale with the least stock, whether or not it is low.
    pub low_stock: Cached<Listing<Product>>,
    /// The selected row of the products that are low in stock.
    pub low_stock_selection: Selection,
    /// The newest orders.
    pub newest: Cached<Listing<Order>>,
    /// The selected one.
    pub newest_selection: Selection,
    /// The oldest event that is not delivered yet, if any.
    pub oldest_pending: Cached<Listing<Event>>,
    /// The first dead events.
    pub dead: Cached<Listing<Event>>,
}

/// Stock up to this many units is low.
pub const LOW_STOCK: i64 = 5;

impl Overview {
    /// The products on sale that are low in stock.
    pub fn low_stock_rows(&self) -> &[Product] {
        let rows = self.low_stock.value.as_ref().map_or(&[][..], |listing| &listing.items);
        &rows[..rows.partition_point(|product| product.stock.get() <= LOW_STOCK)]
    }

    /// The selected product that is low in stock.
    pub fn selected_low_stock(&self) -> Option<&Product> {
        self.low_stock_rows().get(self.low_stock_selection.selected)
    }

    /// The newest orders.
    pub fn newest_rows(&self) -> &[Order] {
        self.newest.value.as_ref().map_or(&[], |newest| &newest.items)
    }

    /// How many dead events are loaded, and whether there are more.
    pub fn dead_events(&self) -> (usize, bool) {
        let dead = self.dead.value.as_ref();
        dead.map_or((0, false), |dead| (dead.items.len(), dead.next_cursor.is_some()))
    }

    /// Since when a request is in flight.
    pub fn pending_since(&self) -> Option<Time> {
        let sales = [self.minutes.pending_since(), self.days.pending_since()];
        let rows = [self.low_stock.pending_since(), self.newest.pending_since()];
        let outbox = [self.oldest_pending.pending_since(), self.dead.pending_since()];
        sales.into_iter().chain(rows).chain(outbox).flatten().min()
    }

    /// When the next request is due, if one is.
    pub fn due_at(&self) -> Option<Time> {
        let sales = [self.minutes.due_at(), self.days.due_at()];
        let rows = [self.low_stock.due_at(), self.newest.due_at()];
        sales.into_iter().chain(rows).chain([self.outbox_due_at()]).flatten().min()
    }

    /// When the next request about the outbox is due, if one is.
    pub fn outbox_due_at(&self) -> Option<Time> {
        self.oldest_pending.due_at().into_iter().chain(self.dead.due_at()).min()
    }

    /// Queues the queries that are due.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue) {
        let series = |step, count| sales::Series { step, count, to: None };
        self.minutes.fetch_if_due(effects, || Query::SalesByMinute(series(Step::Minute, 60)));
        self.days.fetch_if_due(effects, || Query::SalesByDay(series(Step::Day, 8)));
        self.newest.fetch_if_due(effects, || {
            Query::NewestOrders(order::List { page: Page::first(100), ..order::List::default() })
        });
        self.fetch_low_stock_if_due(effects);
        self.fetch_outbox_if_due(effects);
    }

    /// Queues the query for low stock if it is due.
    pub fn fetch_low_stock_if_due(&mut self, effects: &mut EffectQueue) {
        self.low_stock.fetch_if_due(effects, || {
            let page = Page::first(100);
            Query::LowStock(catalog::List { search: None, sort: Sort::Stock, active: Some(true), page })
        });
    }

    /// Queues the queries about the outbox that are due.
    pub fn fetch_outbox_if_due(&mut self, effects: &mut EffectQueue) {
        let events = |status, limit| outbox::List { status: Some(status), page: Page::first(limit) };
        self.oldest_pending
            .fetch_if_due(effects, || Query::OldestPending(events(DeliveryStatus::Pending, 1)));
        self.dead.fetch_if_due(effects, || Query::DeadEvents(events(DeliveryStatus::Dead, 100)));
    }

    /// Marks everything as out of date.
    pub fn mark_stale(&mut self) {
        self.minutes.mark_stale();
        self.days.mark_stale();
        self.low_stock.mark_stale();
        self.newest.mark_stale();
        self.oldest_pending.mark_stale();
        self.dead.mark_stale();
    }

    /// Keeps the selections within the loaded rows.
    pub fn clamp_selections(&mut self) {
        self.low_stock_selection.clamp(self.low_stock_rows().len());
        self.newest_selection.clamp(self.newest_rows().len());
    }
}
