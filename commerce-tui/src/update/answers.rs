//! Answers of the store, and when they are out of date.

use commerce_core::Error;

use crate::cache::Arrival;
use crate::effect::{Answer, Response};
use crate::model::{State, StoreStatus};
use crate::toast::ToastKind;

impl State {
    /// Stores the answer to a query where it is shown.
    pub(super) fn receive(&mut self, Response { id, elapsed, answer }: Response) {
        // A refusal is shown where the answer would be. Any other error may be over at the next try.
        match answer.error() {
            Some(error @ (Error::Gone(_) | Error::Unauthenticated(_))) => {
                self.handle_unavailable_store(error)
            }
            Some(Error::Refused(_)) | None => {}
            // The reason has been told.
            Some(_) if self.store_status != StoreStatus::Available => {}
            Some(error) => self.show_toast(ToastKind::Error, error.sentence(self.config.currency)),
        }
        let arrival = Arrival { id, at: self.now(), elapsed };
        match answer {
            Answer::ShopProducts(page, result) => self.shop.list.receive(page, arrival, result),
            Answer::Cart(result) => self.shop.receive_cart(arrival, result),
            Answer::Customer(result) => self.receive_customer(arrival, result),
            Answer::Customers(page, result) => self.customers.list.receive(page, arrival, result),
            Answer::Ledger(page, result) => self.customers.ledger.receive(page, arrival, result),
            Answer::Orders(page, result) => self.orders.list.receive(page, arrival, result),
            Answer::TopSellers(result) => {
                self.top.sellers.receive(arrival, result);
                let rows = self.top.rows().len();
                self.top.selection.clamp(rows);
            }
            Answer::WindowSales(result) => self.top.window_sales.receive(arrival, result),
            Answer::Products(page, result) => self.products.list.receive(page, arrival, result),
            Answer::LowStock(result) => self.overview.low_stock.receive(arrival, result),
            Answer::StockHistory(page, result) => self.products.history.receive(page, arrival, result),
            Answer::Events(page, result) => self.events.list.receive(page, arrival, result),
            Answer::OldestPending(result) => self.overview.oldest_pending.receive(arrival, result),
            Answer::DeadEvents(result) => self.overview.dead.receive(arrival, result),
            Answer::NewestOrders(result) => self.overview.newest.receive(arrival, result),
            Answer::SalesByMinute(result) => self.overview.minutes.receive(arrival, result),
            Answer::SalesByDay(result) => self.overview.days.receive(arrival, result),
            Answer::PickerCustomers(page, result) => {
                if let Some(picker) = self.picker() {
                    picker.list.receive(page, arrival, result);
                }
            }
        }
    }

    /// Marks everything as out of date. What is shown is fetched again after its cooldown, the rest when it is shown.
    pub(super) fn mark_stale(&mut self) {
        self.shop.mark_stale();
        self.customers.mark_stale();
        self.orders.list.mark_stale();
        self.top.mark_stale();
        self.products.mark_stale();
        self.events.list.mark_stale();
        self.overview.mark_stale();
        if let Some(picker) = self.picker() {
            picker.list.mark_stale();
        }
    }

    /// Fetches everything again: the lists and caches of screens 1 to 6 without waiting for their cooldown.
    pub(super) fn refetch(&mut self) {
        self.shop.list.refetch();
        self.shop.account.refetch();
        self.shop.cart.refetch();
        self.customers.list.refetch();
        self.customers.ledger.refetch();
        self.orders.list.refetch();
        self.top.sellers.refetch();
        self.top.window_sales.refetch();
        self.products.list.refetch();
        self.products.history.refetch();
        self.events.list.refetch();
        self.mark_stale();
    }
}
