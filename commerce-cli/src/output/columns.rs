//! The columns of every list, reply and answer of the engine, one table each. To add a column to a list, add a line here.

use commerce_core::Difference;
use commerce_core::cart::{self, Cart};
use commerce_core::catalog::{Adjusted, Product, StockChange};
use commerce_core::order::{Item, Order};
use commerce_core::outbox::{Event, Retried};
use commerce_core::sales::{Seller, TopSellers};
use commerce_core::token::Token;
use commerce_core::user::User;
use commerce_core::wallet::{Charged, Entry, WalletBalance};

use super::record::{Cell, Column, NoRows, Record, Rows};

impl Record for User {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("user", |user| (&user.user).into()),
        Column::new("name", |user| user.name.as_ref().into()),
        Column::new("balance", |user| user.balance.into()),
        Column::new("at", |user| user.at.into()),
    ];
    type Row = NoRows;
}

impl Record for Charged {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("charge", |charged| charged.charge.into()),
        Column::new("user", |charged| (&charged.user).into()),
        Column::new("amount", |charged| charged.amount.into()),
        Column::new("balance", |charged| charged.balance.into()),
        Column::new("at", |charged| charged.at.into()),
        Column::new("actor", |charged| charged.actor.as_ref().into()),
    ];
    type Row = NoRows;
}

impl Record for WalletBalance {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("user", |wallet| (&wallet.user).into()),
        Column::new("balance", |wallet| wallet.balance.into()),
        Column::new("currency", |wallet| wallet.currency.code().into()),
    ];
    type Row = NoRows;
}

impl Record for Entry {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("id", |entry| entry.id.into()),
        Column::new("kind", |entry| entry.kind.as_str().into()),
        Column::new("amount", |entry| Cell::Money(entry.amount)),
        Column::new("balance", |entry| entry.balance.into()),
        Column::new("charge", |entry| entry.charge.into()),
        Column::new("order", |entry| entry.order.into()),
        Column::new("at", |entry| entry.at.into()),
        Column::new("actor", |entry| entry.actor.as_ref().into()),
    ];
    type Row = NoRows;
}

impl Record for StockChange {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("kind", |change| change.kind.as_str().into()),
        Column::new("delta", |change| change.delta.into()),
        Column::new("stock", |change| change.stock.into()),
        Column::new("order", |change| change.order.into()),
        Column::new("reason", |change| change.reason.as_ref().into()),
        Column::new("actor", |change| change.actor.as_ref().into()),
        Column::new("at", |change| change.at.into()),
    ];
    type Row = NoRows;
}

impl Record for Product {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("product", |product| (&product.product).into()),
        Column::new("name", |product| (&product.name).into()),
        Column::new("price", |product| product.price.into()),
        Column::new("stock", |product| product.stock.into()),
        Column::new("active", |product| product.active.into()),
    ];
    type Row = NoRows;
}

impl Record for Adjusted {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("product", |adjusted| (&adjusted.product).into()),
        Column::new("stock", |adjusted| adjusted.stock.into()),
    ];
    type Row = NoRows;
}

impl Record for Cart {
    const COLUMNS: &'static [Column<Self>] =
        &[Column::new("user", |cart| (&cart.user).into()), Column::new("total", |cart| cart.total.into())];
    type Row = cart::Line;

    fn rows(&self) -> Rows<'_, cart::Line> {
        Rows::List(&self.lines)
    }
}

impl Record for cart::Line {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("product", |line| (&line.product).into()),
        Column::new("name", |line| (&line.name).into()),
        Column::new("price", |line| line.price.into()),
        Column::new("price_when_added", |line| line.price_when_added.into()),
        Column::new("quantity", |line| line.quantity.into()),
        Column::new("available", |line| line.available.into()),
        Column::new("problem", |line| line.problem.map(cart::Problem::as_str).into()),
    ];
    type Row = NoRows;
}

impl Record for Order {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("order", |order| order.order.into()),
        Column::new("user", |order| (&order.user).into()),
        Column::new("status", |order| order.status.as_str().into()),
        Column::new("items", |order| order.items.as_slice().into()),
        Column::new("total", |order| order.total.into()),
        Column::new("balance", |order| order.balance.into()),
        Column::new("at", |order| order.at.into()),
        Column::new("cancelled_at", |order| order.cancelled_at.into()),
        Column::new("reason", |order| order.reason.as_ref().into()),
        Column::new("actor", |order| order.actor.as_ref().into()),
        Column::new("cancelled_by", |order| order.cancelled_by.as_ref().into()),
    ];
    type Row = Item;

    fn rows(&self) -> Rows<'_, Item> {
        Rows::Nested(&self.items)
    }
}

impl Record for Item {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("product", |item| (&item.product).into()),
        Column::new("name", |item| (&item.name).into()),
        Column::new("price", |item| item.price.into()),
        Column::new("quantity", |item| item.quantity.into()),
        Column::new("amount", |item| item.amount.into()),
    ];
    type Row = NoRows;
}

impl Record for TopSellers {
    const COLUMNS: &'static [Column<Self>] =
        &[Column::new("window", |top| Cell::Span(top.window.from, top.window.to))];
    type Row = Seller;

    fn rows(&self) -> Rows<'_, Seller> {
        Rows::List(&self.items)
    }
}

impl Record for Seller {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("rank", |seller| seller.rank.into()),
        Column::new("product", |seller| (&seller.product).into()),
        Column::new("name", |seller| (&seller.name).into()),
        Column::new("price", |seller| seller.price.into()),
        Column::new("stock", |seller| seller.stock.into()),
        Column::new("units", |seller| seller.units.into()),
        Column::new("revenue", |seller| seller.revenue.into()),
    ];
    type Row = NoRows;
}

impl Record for Event {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("event", |event| event.event.into()),
        Column::new("type", |event| (&event.kind).into()),
        Column::new("subject", |event| (&event.subject).into()),
        Column::new("at", |event| event.at.into()),
        Column::new("age", |event| event.age.into()),
        Column::new("status", |event| event.status.as_str().into()),
        Column::new("attempts", |event| event.attempts.into()),
        Column::new("last_error", |event| event.last_error.as_ref().into()),
        Column::new("next_attempt", |event| event.next_attempt.into()),
    ];
    type Row = NoRows;
}

impl Record for Retried {
    const COLUMNS: &'static [Column<Self>] =
        &[Column::new("events", |retried| Cell::Events(&retried.events))];
    type Row = NoRows;
}

impl Record for Token {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("name", |token| (&token.name).into()),
        Column::new("role", |token| token.role.as_str().into()),
        Column::new("user", |token| token.user.as_ref().into()),
        Column::new("at", |token| token.at.into()),
        Column::new("revoked_at", |token| token.revoked_at.into()),
        Column::new("expires", |token| token.expires.into()),
        Column::new("used_at", |token| token.used_at.into()),
    ];
    type Row = NoRows;
}

impl Record for Difference {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("what", |difference| (&difference.what).into()),
        Column::new("id", |difference| (&difference.id).into()),
        Column::new("stored", |difference| (&difference.stored).into()),
        Column::new("computed", |difference| (&difference.computed).into()),
    ];
    type Row = NoRows;
}
