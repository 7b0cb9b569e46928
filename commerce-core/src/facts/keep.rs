//! Loading facts, and keeping them from one group to the next.

use std::sync::Arc;

use super::{CartLine, Edition, Facts, KeptAnswer, KeptReply, LastNumbers, Product, User, Wallet};
use crate::id::{Key, ProductId, UserId};
use crate::money::Stock;
use crate::number::OrderId;
use crate::order::Order;
use crate::time::Time;

/// Loading and keeping, for the writer.
impl Facts {
    /// The most rows to keep for the next group: about 10 MB of memory.
    const MAX_ROWS: usize = 32_768;

    /// Whether nothing was loaded yet.
    pub(crate) fn is_unloaded(&self) -> bool {
        self.stored_last.is_none()
    }

    pub(crate) fn set_last(&mut self, last: LastNumbers) {
        (self.stored_last, self.last) = (Some(last), last);
    }

    /// Sets the edition of the store. Rows of another edition are dropped, and have to be loaded in full.
    pub(crate) fn set_edition(&mut self, edition: Edition) {
        if self.edition.as_ref() != Some(&edition) {
            self.edition_changed = self.edition.is_some();
            self.users.forget();
            self.products.forget();
            self.edition = Some(edition);
        }
    }

    /// Whether the last load relied on an outdated edition. Resets the answer.
    pub(crate) fn take_edition_changed(&mut self) -> bool {
        std::mem::take(&mut self.edition_changed)
    }

    /// The number of a user whose wallet may have changed.
    pub(crate) fn stale_user(&self, id: &UserId) -> Option<i64> {
        self.users.stale(id).map(|user| user.no)
    }

    /// The number of a product whose stock may have changed.
    pub(crate) fn stale_product(&self, id: &ProductId) -> Option<i64> {
        self.products.stale(id).map(|product| product.no)
    }

    pub(crate) fn load_wallet(&mut self, id: &UserId, wallet: Wallet) {
        self.users.refresh(id, |user| user.wallet = wallet);
    }

    pub(crate) fn load_stock(&mut self, id: &ProductId, stock: Stock) {
        self.products.refresh(id, |product| product.stock = stock);
    }

    pub(crate) fn load_user(&mut self, id: UserId, user: User) {
        self.users.load(id, user);
    }

    pub(crate) fn load_product(&mut self, id: ProductId, product: Product) {
        self.products.load(id, product);
    }

    pub(crate) fn load_cart(&mut self, user: UserId, lines: Vec<CartLine>) {
        self.carts.load(user, lines);
    }

    pub(crate) fn load_order(&mut self, order: Order) {
        self.orders.entry(order.order).or_insert(order);
    }

    pub(crate) fn load_key(&mut self, key: Key, scope: i64, kept: KeptAnswer) {
        self.keys.insert((key, scope), kept);
    }

    pub(crate) fn load_aged_key(&mut self, key: Arc<str>, scope: i64, at: Time) {
        self.aged_keys.push((key, scope, at));
    }

    /// The orders that kept replies refer to and that are not loaded yet.
    pub(crate) fn replayed_orders(&self) -> Vec<OrderId> {
        let order = |kept: &KeptAnswer| match kept.reply {
            KeptReply::Order(order) if !self.orders.contains_key(&order) => Some(order),
            KeptReply::Order(_) | KeptReply::Json(_) => None,
        };
        self.keys.values().filter_map(order).collect()
    }

    /// Marks the group as stored. Users and products are kept for the next one.
    pub(crate) fn mark_stored(&mut self) {
        if self.users.len() + self.products.len() + self.actors.len() > Self::MAX_ROWS {
            return self.forget();
        }
        self.stored_last = Some(self.last);
        self.users.mark_stored();
        self.products.mark_stored();
        self.carts.forget();
        self.orders.clear();
        self.events.forget();
        self.relay.forget();
        self.tokens.forget();
        self.sums.clear();
        self.keys.clear();
    }

    /// Marks everything as stale after another process has written. What changes often has to be loaded again.
    pub(crate) fn mark_stale(&mut self) {
        let Self { mut users, mut products, edition, .. } = std::mem::take(self);
        users.mark_stale();
        products.mark_stale();
        *self = Self { users, products, edition, ..Self::default() };
    }

    /// Drops everything, after a group that was not stored.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests;
