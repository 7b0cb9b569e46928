//! A shop made by hand, for the tables beside the rules: each rule is decided over facts, without any store.
//!
//! A rule gets only the rows that its `needs` names, so a row that it looks at and does not name is not there. What is
//! refused must have changed nothing. What is done is compared in full: the reply, and every changed row by its columns.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::error::Error;
use crate::facts::{Bearer, CartLine, Facts, Kept, KeptReply, Keys, Last, Product, User, Wallet};
use crate::id::{Id, Key, Name, ProductId, UserId};
use crate::input::Fields;
use crate::money::{Amount, Quantity, Stock};
use crate::number::{EventId, Number, OrderId};
use crate::operation::{Answer, Operation, Reply};
use crate::order::{Item, Order, Status};
use crate::outbox::{Delivery, Standing};
use crate::row::{Kind, Value};
use crate::sales::Period;
use crate::submit::{Receive, Submit, ToJson};
use crate::time::Time;
use crate::token::{Digest, Role, Token};

/// The time that every decision is given: 1970-01-01T00:00:01.000Z.
pub(crate) const NOW: i64 = 1_000;

/// What the clock says meanwhile, which is the age of keys and of marks.
pub(crate) const CLOCK: i64 = 2_000;

/// An empty shop. The numbers last given out are 10 movements, 20 charges, 30 entries, 40 orders, 50 events, 60 tokens
/// and 70 probes, so that each tells what it is.
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
    relay: Standing,
    tokens: Vec<Bearer>,
    sums: Vec<(Period, i64, i64)>,
    keys: Vec<(Key, i64, Kept)>,
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
        self.orders.push(Order { order, user, status, items, total, balance, at, cancelled_at, reason });
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

    pub(crate) fn relay(self, relay: Standing) -> Self {
        Self { relay, ..self }
    }

    pub(crate) fn token(mut self, name: &str, secret: &str) -> Self {
        let (role, user, at) = (Role::Operator, None, Time::from_millis(500));
        let token = Token { name: id(name), role, user, at, revoked_at: None };
        let no = number(self.tokens.len() + 1);
        self.tokens.push(Bearer { no, user_no: None, digest: Digest::of(secret), token });
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

    /// What was kept under a key in an earlier group: the row, and the order that it refers to.
    pub(crate) fn kept(mut self, key: &str, scope: i64, digest: i64, reply: &Json) -> Self {
        let (kept, order) = match serde_json::from_value::<Order>(reply.clone()) {
            Ok(order) => (KeptReply::Order(order.order), Some(order)),
            Err(_) => (KeptReply::Json(reply.to_string()), None),
        };
        self.orders.retain(|known| order.as_ref().is_none_or(|order| known.order != order.order));
        self.orders.extend(order);
        self.keys.push((Key::try_from(key).unwrap(), scope, Kept { digest, reply: kept }));
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

    fn find(&mut self, product: &str) -> &mut Product {
        let found = self.products.iter_mut().find(|(known, _)| known.as_str() == product);
        found.map(|(_, product)| product).unwrap()
    }

    /// The facts of a group that needs these rows, and no others.
    pub(crate) fn facts(&self, keys: &Keys) -> Facts {
        let mut facts = Facts::default();
        facts.set_last(self.last());
        facts.present = Time::from_millis(CLOCK);
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

    fn last(&self) -> Last {
        Last {
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
        }
    }
}

/// Checks that an operation is done, with this reply as JSON on the first line and exactly these changes of rows below.
#[track_caller]
pub(crate) fn check<O: Operation>(shop: &Shop, operation: Json, expect: &str) {
    check_value(shop, &read::<O>(&operation), expect);
}

/// Checks the same of an operation that has no name.
#[track_caller]
pub(crate) fn check_value(shop: &Shop, operation: &impl Submit<Reply: Reply>, expect: &str) {
    let mut facts = shop.facts(&needs(&[operation], None));
    let told = match decide(operation, None, &mut facts) {
        Ok(answer) => format!("{}\n{}", answer.reply, changes(shop, &mut facts)),
        Err(error) => told(&error),
    };
    same(&told, expect);
}

/// Checks that an operation is done, whatever it changes.
#[track_caller]
pub(crate) fn done<O: Operation>(shop: &Shop, operation: Json) {
    assert_eq!(refusal(shop, &read::<O>(&operation)), "", "{operation}");
}

/// What can be spoilt of a case, so that it is refused.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) shop: Shop,
    pub(crate) operation: Json,
}

/// Makes a case such that it is refused.
pub(crate) type Spoil = fn(&mut Case);

const NOTHING: Spoil = |_| {};

/// Checks each refusal of an operation that would be done otherwise: alone, with all its facts, and together with each
/// that comes after it in the contract's order, where the earlier one is the answer. None of them changes anything.
#[track_caller]
pub(crate) fn refusals<O: Operation>(shop: Shop, operation: Json, rows: &[(Spoil, &str)]) {
    let case = Case { shop, operation };
    let outcome = |case: &Case| refusal(&case.shop, &read::<O>(&case.operation));
    assert_eq!(outcome(&case), "", "done as it is");
    for (place, (spoil, expect)) in rows.iter().enumerate() {
        for (later, other) in std::iter::once(&(NOTHING, *expect)).chain(&rows[place + 1..]) {
            let mut case = case.clone();
            later(&mut case);
            spoil(&mut case);
            let told = outcome(&case);
            let whole = expect == other || code(expect) != code(other);
            let (told, expect) = if whole { (told.as_str(), *expect) } else { (code(&told), code(expect)) };
            assert_eq!(told, expect, "before {other}: {}", case.operation);
        }
    }
}

/// Checks what a key does in its scope (the number of a user, or 0 for the store): the first of `same` is done, all of
/// them are then answered with its reply and change nothing, and `other` contents are refused. So it is in the group
/// that did it and in later ones, whatever became of the shop meanwhile.
#[track_caller]
pub(crate) fn keys<O: Operation>(shop: &Shop, scope: i64, same: &[Json], other: &[Json]) {
    let (key, read) =
        (Key::try_from("k").unwrap(), |all: &[Json]| all.iter().map(read::<O>).collect::<Vec<_>>());
    let (same, other) = (read(same), read(other));
    let all: Vec<_> = same.iter().chain(&other).collect();
    let needs = needs(&all, Some(&key));
    let mut facts = shop.facts(&needs);
    let first = decide(&same[0], Some(&key), &mut facts).unwrap();
    assert!(!first.replayed);
    let settle = |facts: &mut Facts| {
        let changes = facts.changes();
        facts.sound().unwrap();
        changes
    };
    // In the group that did it: nothing is changed after these changes.
    again(&mut facts, &key, &first.reply, &same, &other);
    let changes = settle(&mut facts);
    let row_of = |table: &str| {
        let change = changes.iter().find(|change| change.table.name == table);
        change.map_or_else(Vec::new, |change| change.values.clone())
    };
    let row = row_of("keys");
    let kept = [Value::Text(key.shared()), Value::Integer(scope), Value::Integer(CLOCK)];
    assert_eq!([&row[0], &row[1], &row[5]], [&kept[0], &kept[1], &kept[2]], "the row of the key");
    // In a later group, in which nothing else of the operation could be done any more.
    let mut spent = shop.clone();
    spent.users.iter_mut().for_each(|(_, user)| user.wallet.balance = Amount::ZERO);
    spent.products.iter_mut().for_each(|(_, product)| product.stock = Stock::default());
    spent.empty_carts();
    if let [_, user, ..] = &row_of("users")[..] {
        spent = spent.user(&user.text(), 0);
    }
    let spent = spent.kept("k", scope, row[2].int(), &first.reply);
    let mut facts = spent.facts(&needs);
    again(&mut facts, &key, &first.reply, &same, &other);
    assert_eq!(settle(&mut facts), []);
}

fn again<O: Operation>(facts: &mut Facts, key: &Key, reply: &Json, same: &[O], other: &[O]) {
    let before = facts.last;
    for operation in same {
        let answer = decide(operation, Some(key), facts).unwrap();
        assert_eq!((&answer.reply, answer.replayed), (reply, true));
    }
    for operation in other {
        let error = decide(operation, Some(key), facts).unwrap_err();
        assert_eq!(told(&error), r#"key_reused {"key":"k"}"#);
    }
    assert_eq!(facts.last, before);
}

/// Decides at [`NOW`].
pub(crate) fn decide<S: Submit<Reply: Reply>>(
    operation: &S,
    key: Option<&Key>,
    facts: &mut Facts,
) -> Result<Answer<Json>, Error> {
    let Answer { reply, replayed } = Submit::decide(operation, key, facts, &|_| Ok(Time::from_millis(NOW)))?;
    Ok(Answer { reply: S::Reply::receive(reply)?.to_json()?, replayed })
}

/// The rows that operations need.
pub(crate) fn needs<O: Submit + ?Sized>(operations: &[&O], key: Option<&Key>) -> Keys {
    let mut keys = Keys::default();
    operations.iter().for_each(|operation| Submit::needs(*operation, &mut keys));
    keys.keys.extend(key.cloned());
    keys
}

/// What was changed, a line a row: what was done, the table, and its columns without those that are NULL; of the
/// store's own row only what differs.
pub(crate) fn changes(shop: &Shop, facts: &mut Facts) -> String {
    let mut untouched = Facts::default();
    untouched.set_last(Last { probe: 0, ..shop.last() });
    untouched.last = shop.last();
    let before = untouched.changes().pop().unwrap();
    let mut told = String::new();
    let changes = facts.changes();
    facts.sound().unwrap();
    for change in &changes {
        let verb = match change.kind {
            Kind::Insert => "insert",
            Kind::Update => "update",
            Kind::Delete => "delete",
        };
        for row in change.values.chunks(change.width()) {
            let stored = change.table.name == before.table.name;
            write!(told, "{verb} {}", change.table.name).unwrap();
            for (place, (column, value)) in change.table.columns.iter().zip(row).enumerate() {
                match value {
                    Value::Null => {}
                    _ if stored && before.values[place] == *value => {}
                    Value::Integer(value) => write!(told, " {column}={value}").unwrap(),
                    Value::Text(value) => write!(told, " {column}={}", value.escape_debug()).unwrap(),
                }
            }
            told.push('\n');
        }
    }
    told
}

/// Compares line by line, however they are indented.
#[track_caller]
pub(crate) fn same(told: &str, expect: &str) {
    let lines =
        |text: &str| text.trim().lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n");
    let (told, expect) = (lines(told), lines(expect));
    assert!(told == expect, "\ncame out:\n{told}\n\nexpected:\n{expect}\n");
}

/// Nothing when an operation is done, or why it is not.
pub(crate) fn refusal(shop: &Shop, operation: &impl Operation) -> String {
    let mut facts = shop.facts(&needs(&[operation], None));
    let outcome = decide(operation, None, &mut facts);
    let changes = changes(shop, &mut facts);
    let Err(error) = outcome else { return String::new() };
    assert_eq!(changes, "", "refused, and yet changed: {error}");
    told(&error)
}

/// The code of a refusal and its facts as JSON.
fn told(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => {
            let mut facts = serde_json::to_value(refusal).unwrap();
            let facts = facts.as_object_mut().unwrap();
            facts.shift_remove("detail");
            facts.shift_remove("code");
            format!("{} {}", refusal.code(), Json::Object(facts.clone()))
        }
        Error::Invalid(invalid) => {
            let pointers: Vec<_> = invalid.0.iter().map(|fault| fault.pointer.as_str()).collect();
            format!("invalid_request {}", pointers.join(" "))
        }
        other => panic!("{other}"),
    }
}

fn code(told: &str) -> &str {
    told.split(' ').next().unwrap_or_default()
}

pub(crate) fn read<O: Operation>(operation: &Json) -> O {
    Fields::read(operation, O::parse).unwrap_or_else(|error| panic!("{operation}: {error}"))
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
