//! The changes of a group, as data for the store.

use super::{CartLine, Facts, Product};
use crate::number::Number;
use crate::row::{Change, Kind, Value, table};
use crate::search;

impl Facts {
    /// Everything that differs from the store. Tables that others refer to come first.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        self.change_users();
        self.change_products();
        self.change_carts();
        self.change_tokens();
        self.change_deliveries();
        let last = self.last;
        if Some(last) != self.stored_last {
            let row = [
                1,
                last.at.millis(),
                last.user,
                last.product,
                last.movement,
                last.charge,
                last.entry,
                last.order,
                last.event,
                last.token,
                last.probe,
                last.actor,
            ];
            self.change(&table::STORE, Kind::Update, row.map(Value::Integer));
        }
        let mut changes = std::mem::take(&mut self.finished);
        let rank = |change: &Change| table::SAVED.iter().position(|table| std::ptr::eq(*table, change.table));
        changes.sort_by_key(rank);
        changes
    }

    // Sorted by number, so that rows on one page are written together.
    fn change_users(&mut self) {
        let mut changed: Vec<_> = self
            .users
            .changed()
            .filter(|(_, stored, now)| stored.map(|user| user.wallet) != Some(now.wallet))
            .map(|(_, stored, now)| (now.no, kind_of(stored), now.wallet))
            .collect();
        changed.sort_unstable_by_key(|&(no, ..)| no);
        for (no, kind, wallet) in changed {
            let (entry, order) = (Number::or_zero(wallet.last_entry), Number::or_zero(wallet.last_order));
            let row = [no, wallet.balance.get(), entry, order];
            self.change(&table::WALLETS, kind, row.map(Value::Integer));
        }
    }

    fn change_products(&mut self) {
        let (mut details, mut texts, mut stocks) = (Vec::new(), Vec::new(), Vec::new());
        for (id, stored, now) in self.products.changed() {
            let kind = kind_of(stored);
            if stored.is_none_or(|stored| !same_except_stock(stored, now)) {
                let search = search::searchable(id.as_str(), now.name.as_str());
                if stored.is_none_or(|stored| (&stored.name, stored.active) != (&now.name, now.active)) {
                    texts.push((now.no, kind, search::grams(&search, now.active)));
                }
                let row = [
                    now.no.into(),
                    id.shared().into(),
                    now.name.shared().into(),
                    search.into(),
                    now.price.get().into(),
                    now.active.into(),
                ];
                details.push((now.no, kind, row));
            }
            if stored.is_none_or(|stored| stored.stock != now.stock) {
                stocks.push((now.no, kind, now.stock.get()));
            }
        }
        details.sort_unstable_by_key(|&(no, ..)| no);
        texts.sort_unstable_by_key(|&(no, ..)| no);
        stocks.sort_unstable_by_key(|&(no, ..)| no);
        for (_, kind, row) in details {
            self.change(&table::PRODUCTS, kind, row);
        }
        for &(no, ..) in texts.iter().filter(|(_, kind, _)| *kind == Kind::Update) {
            self.change(&table::PRODUCT_GRAMS, Kind::Delete, [no.into()]);
        }
        for (no, _, grams) in texts {
            self.change(&table::PRODUCT_GRAMS, Kind::Insert, [no.into(), grams.into()]);
        }
        for (no, kind, stock) in stocks {
            self.change(&table::STOCKS, kind, [no.into(), stock.into()]);
        }
    }

    fn change_carts(&mut self) {
        let (mut changes, mut unloaded) = (Vec::new(), Vec::new());
        for (user, stored, now) in self.carts.changed() {
            let Some(user) = self.find_user(user).map(|user| user.no) else {
                unloaded.push(format!("the cart of user {user}"));
                continue;
            };
            let stored = stored.map_or(&[][..], Vec::as_slice);
            let removed =
                stored.iter().filter(|line| find(now, line).is_none()).map(|line| (Kind::Delete, line));
            let set = now.iter().filter(|line| find(stored, line) != Some(line));
            for (kind, line) in removed.chain(set.map(|line| (kind_of(find(stored, line)), line))) {
                let Some(product) = self.find_product(&line.product).map(|product| product.no) else {
                    unloaded.push(format!("a cart with product {}", line.product));
                    continue;
                };
                let mut row = vec![user, product, line.position, line.quantity.get(), line.price.get()];
                if kind == Kind::Delete {
                    row.truncate(table::CART_LINES.key);
                }
                changes.push((kind, row));
            }
        }
        for what in unloaded {
            self.record_violation(format!("{what} is to be changed and was not loaded"));
        }
        for (kind, row) in changes {
            self.change(&table::CART_LINES, kind, row.into_iter().map(Value::Integer));
        }
    }
}

/// The line of the same product.
fn find<'a>(lines: &'a [CartLine], line: &CartLine) -> Option<&'a CartLine> {
    lines.iter().find(|other| other.product == line.product)
}

fn same_except_stock(a: &Product, b: &Product) -> bool {
    (&a.name, a.price, a.active) == (&b.name, b.price, b.active)
}

pub(super) fn kind_of<T>(stored: Option<&T>) -> Kind {
    if stored.is_some() { Kind::Update } else { Kind::Insert }
}
