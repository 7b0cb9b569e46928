//! A shop made by hand: the rows of each table, and the facts of a group that needs some of them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::CLOCK;
use crate::facts::{
    CartLine, Facts, KeptAnswer, KeptReply, Keys, LastNumbers, Product, StoredToken, User, Wallet,
};
use crate::id::{Actor, Id, Key, Name, ProductId, UserId};
use crate::money::{Amount, Quantity, Stock};
use crate::number::{EventId, Number, OrderId};
use crate::order::{Item, Order, Status};
use crate::outbox::{Delivery, RelayState};
use crate::sales::Period;
use crate::time::Time;
use crate::token::{Digest, Role, Token};

/// An empty shop. The last number of each kind differs, so that a row shows which kind it took: movement 10, charge 20,
/// ledger entry 30, order 40, event 50, token 60, probe 70, actor 80.
pub(crate) fn shop() -> Shop {
    Shop::default()
}

/// The rows of a shop. Users and products are numbered from 1 on, in the order in which they are named.
#[derive(Clone, Default)]
pub(crate) struct Shop {
    users: Vec<(UserId, User)>,
    products: Vec<(ProductId, Product)>,
    carts: BTreeMap<UserId, Vec<CartLine>>,
    orders: Vec<Order>,
    events: Vec<(EventId, Option<Delivery>)>,
    relay: RelayState,
    tokens: Vec<StoredToken>,
    actors: Vec<(Actor, i64)>,
    sums: Vec<(Period, i64, i64)>,
    keys: Vec<(Key, i64, KeptAnswer)>,
}

impl Shop {
    pub(crate) fn user(mut self, user: &str, balance: i64) -> Self {
        let no = number(self.users.len() + 1);
        let wallet = Wallet {
            balance: amount(balance),
            last_entry: Some(Number::stored(3)),
            last_order: Some(Number::stored(4)),
        };
        self.users.push((id(user), User { no, wallet }));
        self
    }

    /// A product that is on sale. The name is `The` and the identifier.
    pub(crate) fn product(mut self, product: &str, price: i64, stock: i64) -> Self {
        let no = number(self.products.len() + 1);
        let (name, price, stock) = (name_of(product), amount(price), Stock::try_from(stock).unwrap());
        self.products.push((id(product), Product { no, name, price, active: true, stock }));
        self
    }

    pub(crate) fn off_sale(mut self, product: &str) -> Self {
        self.find(product).active = false;
        self
    }

    /// A line of a cart: the product, how many, and the price that was shown.
    pub(crate) fn line(mut self, user: &str, product: &str, quantity: i64, price: i64) -> Self {
        let lines = self.carts.entry(id(user)).or_default();
        let position = number(lines.len() + 1);
        let (quantity, price) = (Quantity::try_from(quantity).unwrap(), amount(price));
        lines.push(CartLine { product: id(product), position, quantity, price });
        self
    }

    /// A paid order of some units of each product at its present price, after which the balance was 500.
    pub(crate) fn order(mut self, order: i64, user: &str, items: &[(&str, i64)]) -> Self {
        let item = |&(product, units): &(&str, i64)| {
            let (price, quantity) = (self.find(product).price, Quantity::try_from(units).unwrap());
            let amount = price.times(quantity).unwrap();
            Item { product: id(product), name: name_of(product), price, quantity, amount }
        };
        let items: Vec<_> = items.iter().map(item).collect();
        let total = items.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.amount)).unwrap();
        let order = OrderId::stored(order);
        let (status, at, balance) = (Status::Paid, Time::from_millis(500), amount(500));
        let (user, cancelled_at, reason) = (id(user), None, None);
        let (actor, cancelled_by) = (None, None);
        self.orders.push(Order {
            order,
            user,
            status,
            items,
            total,
            balance,
            at,
            cancelled_at,
            reason,
            actor,
            cancelled_by,
        });
        self
    }

    /// Cancels the last order.
    pub(crate) fn cancelled(mut self) -> Self {
        let order = self.orders.last_mut().unwrap();
        (order.status, order.cancelled_at) = (Status::Cancelled, Some(Time::from_millis(600)));
        self
    }

    pub(crate) fn event(mut self, event: i64, delivery: Option<Delivery>) -> Self {
        self.events.push((EventId::stored(event), delivery));
        self
    }

    pub(crate) fn relay(self, relay: RelayState) -> Self {
        Self { relay, ..self }
    }

    pub(crate) fn token(mut self, name: &str, secret: &str) -> Self {
        let (role, user, at) = (Role::Operator, None, Time::from_millis(500));
        let token = Token { name: id(name), role, user, at, revoked_at: None, expires: None, used_at: None };
        let no = number(self.tokens.len() + 1);
        self.tokens.push(StoredToken { no, user_no: None, digest: Digest::of(secret), token });
        self
    }

    pub(crate) fn actor(mut self, actor: &str, no: i64) -> Self {
        self.actors.push((actor.parse().unwrap(), no));
        self
    }

    pub(crate) fn sum(mut self, period: Period, number: i64, entry: i64) -> Self {
        self.sums.push((period, number, entry));
        self
    }

    /// Revokes the last token.
    pub(crate) fn revoked(mut self) -> Self {
        self.tokens.last_mut().unwrap().token.revoked_at = Some(Time::from_millis(600));
        self
    }

    /// Notes a use of the last token.
    pub(crate) fn used(&self, at: i64) -> Self {
        let mut shop = self.clone();
        shop.tokens.last_mut().unwrap().token.used_at = Some(Time::from_millis(at));
        shop
    }

    /// A reply that an earlier group kept under a key, with the order it refers to.
    pub(crate) fn kept(mut self, key: &str, scope: i64, digest: i64, reply: &Json) -> Self {
        let (kept, order) = match serde_json::from_value::<Order>(reply.clone()) {
            Ok(order) => (KeptReply::Order(order.order), Some(order)),
            Err(_) => (KeptReply::Json(reply.to_string()), None),
        };
        self.orders.retain(|known| order.as_ref().is_none_or(|order| known.order != order.order));
        self.orders.extend(order);
        self.keys.push((Key::try_from(key).unwrap(), scope, KeptAnswer { digest, reply: kept }));
        self
    }

    pub(crate) fn set_balance(&mut self, user: &str, balance: i64) {
        let (_, user) = self.users.iter_mut().find(|(known, _)| known.as_str() == user).unwrap();
        user.wallet.balance = amount(balance);
    }

    pub(crate) fn set_stock(&mut self, product: &str, stock: i64) {
        self.find(product).stock = Stock::try_from(stock).unwrap();
    }

    pub(crate) fn empty_carts(&mut self) {
        self.carts.clear();
    }

    /// Leaves nobody any money, no product any stock, and every cart empty.
    pub(super) fn spend_everything(&mut self) {
        self.users.iter_mut().for_each(|(_, user)| user.wallet.balance = Amount::ZERO);
        self.products.iter_mut().for_each(|(_, product)| product.stock = Stock::default());
        self.empty_carts();
    }

    fn find(&mut self, product: &str) -> &mut Product {
        let found = self.products.iter_mut().find(|(known, _)| known.as_str() == product);
        found.map(|(_, product)| product).unwrap()
    }

    /// The facts of a group that needs these rows, and no others.
    pub(crate) fn facts(&self, keys: &Keys) -> Facts {
        let mut facts = Facts::default();
        facts.set_last(self.last());
        facts.clock_time = Time::from_millis(CLOCK);
        let orders: Vec<_> = self.orders.iter().filter(|order| keys.orders.contains(&order.order)).collect();
        let ordered = |product: &ProductId| {
            orders.iter().any(|order| order.items.iter().any(|item| item.product == *product))
        };
        let lines = |user: &UserId| self.carts.get(user).map_or(&[][..], Vec::as_slice);
        let carted =
            |product: &ProductId| keys.carts.iter().flat_map(lines).any(|line| line.product == *product);
        for (user, row) in &self.users {
            if keys.users.contains(user) || orders.iter().any(|order| order.user == *user) {
                facts.load_user(user.clone(), row.clone());
            }
        }
        for (product, row) in &self.products {
            if keys.products.contains(product) || carted(product) || ordered(product) {
                facts.load_product(product.clone(), row.clone());
            }
        }
        for user in keys.carts.iter().filter(|user| self.carts.contains_key(*user)) {
            facts.load_cart(user.clone(), lines(user).to_vec());
        }
        orders.into_iter().for_each(|order| facts.load_order(order.clone()));
        for (event, delivery) in self.events.iter().filter(|(event, _)| keys.events.contains(event)) {
            facts.load_event(*event, delivery.clone());
        }
        if keys.relay {
            facts.load_relay(self.relay.clone());
        }
        for (actor, no) in self.actors.iter().filter(|(actor, _)| keys.actors.contains(actor)) {
            facts.load_actor(actor.clone(), *no);
        }
        for bearer in &self.tokens {
            if keys.tokens.contains(&bearer.token.name) || keys.digests.contains(&bearer.digest) {
                facts.load_token(bearer.clone());
            }
        }
        for &(period, number, entry) in &self.sums {
            if keys.sums.contains(&(period, number)) {
                facts.load_sum(period, number, entry);
            }
        }
        for (key, scope, kept) in self.keys.iter().filter(|(key, ..)| keys.keys.contains(key)) {
            facts.load_key(key.clone(), *scope, kept.clone());
        }
        let replayed = facts.replayed_orders();
        for order in self.orders.iter().filter(|order| replayed.contains(&order.order)) {
            facts.load_order(order.clone());
        }
        facts
    }

    pub(super) fn last(&self) -> LastNumbers {
        LastNumbers {
            at: Time::from_millis(900),
            user: number(self.users.len()),
            product: number(self.products.len()),
            movement: 10,
            charge: 20,
            entry: 30,
            order: 40,
            event: 50,
            token: 60,
            probe: 70,
            actor: 80,
        }
    }
}

pub(crate) fn id<K>(text: &str) -> Id<K> {
    Id::try_from(text).unwrap()
}

pub(crate) fn name_of(product: &str) -> Name {
    Name::try_from(format!("The {product}")).unwrap()
}

fn amount(minor: i64) -> Amount {
    Amount::try_from(minor).unwrap()
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}
