//! Tests random operations against a simple model: every reply and the whole state agree, however the operations are
//! grouped.

use std::collections::BTreeMap;

use commerce_core::{Error, registry};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shop::{On, Shop, told};

/// The shop as a few maps, simple enough to be obviously correct.
#[derive(Clone, Default)]
struct Model {
    users: BTreeMap<String, i64>,
    products: BTreeMap<String, (i64, i64, bool)>,
    carts: BTreeMap<String, Vec<(String, i64)>>,
    orders: Vec<Placed>,
    keys: BTreeMap<(String, String), (Value, String)>,
}

/// An order: its user, items and total, and whether it was cancelled.
type Placed = (String, Vec<(String, i64)>, i64, bool);

impl Model {
    /// Applies an operation. Returns `ok` with the relevant fields of the reply, or the code of the refusal.
    fn apply(&mut self, operation: &Value) -> String {
        let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
        let (user, product) = (text("user"), text("product"));
        let name = text("op");
        // A key of an operation on an order belongs to the order's user.
        let owner = match operation["order"].as_u64() {
            Some(order) => {
                self.orders.get(order as usize - 1).map_or("nobody".into(), |(user, ..)| user.clone())
            }
            None => user.clone(),
        };
        let scope = (text("key"), owner);
        let mut content = operation.clone();
        content.as_object_mut().unwrap().remove("key");
        // A product named twice is one item with both quantities, and the order of products does not matter. One product
        // is the same in either form.
        if operation.get("items").is_some() || operation.get("quantity").is_some() {
            let mut items = items_of(operation);
            items.sort();
            let content = content.as_object_mut().unwrap();
            for name in ["product", "quantity"] {
                content.remove(name);
            }
            content.insert("items".into(), json!(items));
        }
        if let Some(products) = content.get_mut("products").and_then(Value::as_array_mut) {
            products.sort_by_key(|product| product.as_str().unwrap().to_owned());
            products.dedup();
        }
        if !scope.0.is_empty()
            && let Some((kept, answer)) = self.keys.get(&scope)
        {
            return if *kept == content { answer.clone() } else { "key_reused".into() };
        }
        let answer = self.decide(&name, &user, &product, operation);
        if answer.starts_with("ok") && !scope.0.is_empty() {
            self.keys.insert(scope, (content, answer.clone()));
        }
        answer
    }

    fn decide(&mut self, name: &str, user: &str, product: &str, operation: &Value) -> String {
        let known = self.users.contains_key(user);
        match name {
            "user.add" if known => "user_exists".into(),
            "user.add" => {
                self.users.insert(user.into(), 0);
                "ok 0".into()
            }
            "product.add" if self.products.contains_key(product) => "product_exists".into(),
            "product.add" => {
                let of = |name: &str| operation[name].as_i64().unwrap();
                self.products.insert(product.into(), (of("price"), of("stock"), true));
                format!("ok {}", of("stock"))
            }
            "product.update" => match self.products.get_mut(product) {
                None => "product_not_found".into(),
                Some((price, stock, active)) => {
                    *active = operation["active"].as_bool().unwrap();
                    *price = operation["price"].as_i64().unwrap();
                    format!("ok {stock}")
                }
            },
            "stock.adjust" => match self.products.get_mut(product) {
                None => "product_not_found".into(),
                Some((_, stock, _)) if *stock + operation["delta"].as_i64().unwrap() < 0 => {
                    "out_of_stock".into()
                }
                Some((_, stock, _)) => {
                    *stock += operation["delta"].as_i64().unwrap();
                    format!("ok {stock}")
                }
            },
            "order.cancel" => self.cancel(operation["order"].as_u64().unwrap() as usize),
            _ if !known => "user_not_found".into(),
            "wallet.charge" => {
                let balance = self.users.get_mut(user).unwrap();
                *balance += operation["amount"].as_i64().unwrap();
                format!("ok {balance}")
            }
            "order.place" => self.place(user, &items_of(operation)),
            "cart.checkout" => {
                let cart = self.carts.get(user).cloned().unwrap_or_default();
                if cart.is_empty() {
                    return "empty_cart".into();
                }
                let answer = self.place(user, &cart);
                if answer.starts_with("ok") {
                    self.carts.remove(user);
                }
                answer
            }
            "cart.add" | "cart.set" => {
                let items = items_of(operation);
                if let Some(refused) = self.not_on_sale(&items) {
                    return refused;
                }
                let cart = self.carts.entry(user.into()).or_default();
                for (product, units) in items {
                    match cart.iter_mut().find(|(known, _)| *known == product) {
                        Some((_, present)) if name == "cart.add" => *present += units,
                        Some((_, present)) => *present = units,
                        None => cart.push((product, units)),
                    }
                }
                cart.retain(|(_, units)| *units > 0);
                format!("ok {}", cart.len())
            }
            "cart.remove" => {
                let cart = self.carts.entry(user.into()).or_default();
                let products: Vec<&str> =
                    operation["products"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
                if products.iter().any(|product| !cart.iter().any(|(known, _)| known == product)) {
                    return "not_in_cart".into();
                }
                cart.retain(|(known, _)| !products.contains(&known.as_str()));
                format!("ok {}", cart.len())
            }
            "cart.clear" => {
                self.carts.remove(user);
                "ok 0".into()
            }
            other => panic!("{other}"),
        }
    }

    fn not_on_sale(&self, items: &[(String, i64)]) -> Option<String> {
        if items.iter().any(|(id, _)| !self.products.contains_key(id)) {
            return Some("product_not_found".into());
        }
        items.iter().any(|(id, _)| !self.products[id].2).then(|| "product_inactive".into())
    }

    fn place(&mut self, user: &str, items: &[(String, i64)]) -> String {
        if let Some(refused) = self.not_on_sale(items) {
            return refused;
        }
        if items.iter().any(|(id, units)| self.products[id].1 < *units) {
            return "out_of_stock".into();
        }
        let total: i64 = items.iter().map(|(id, units)| self.products[id].0 * units).sum();
        if self.users[user] < total {
            return "insufficient_balance".into();
        }
        *self.users.get_mut(user).unwrap() -= total;
        for (id, units) in items {
            self.products.get_mut(id).unwrap().1 -= units;
        }
        self.orders.push((user.into(), items.to_vec(), total, false));
        format!("ok {} {total}", self.orders.len())
    }

    fn cancel(&mut self, order: usize) -> String {
        let Some((user, items, total, cancelled)) = self.orders.get_mut(order - 1) else {
            return "order_not_found".into();
        };
        if std::mem::replace(cancelled, true) {
            return "order_not_cancellable".into();
        }
        *self.users.get_mut(user).unwrap() += *total;
        for (id, units) in items {
            self.products.get_mut(id).unwrap().1 += *units;
        }
        format!("ok {order} {total}")
    }
}

/// The products of an operation in order of first mention, each with its total quantity.
fn items_of(operation: &Value) -> Vec<(String, i64)> {
    let one =
        |item: &Value| (item["product"].as_str().unwrap().to_owned(), item["quantity"].as_i64().unwrap());
    let named = match operation["items"].as_array() {
        Some(items) => items.iter().map(one).collect(),
        None => vec![one(operation)],
    };
    let mut items: Vec<(String, i64)> = Vec::new();
    for (product, units) in named {
        match items.iter_mut().find(|(known, _)| *known == product) {
            Some((_, sum)) => *sum += units,
            None => items.push((product, units)),
        }
    }
    items
}

/// A reply in the model's format.
fn seen(operation: &Value, outcome: Result<Value, Error>) -> String {
    let told = told(outcome);
    let ok = &told["ok"];
    if let Some(code) = told["refused"]["code"].as_str() {
        return code.into();
    }
    let lines = || ok["lines"].as_array().map_or(0, Vec::len);
    match operation["op"].as_str().unwrap() {
        "user.add" | "wallet.charge" => format!("ok {}", ok["balance"]),
        "product.add" | "product.update" | "stock.adjust" => format!("ok {}", ok["stock"]),
        "order.place" | "cart.checkout" | "order.cancel" => format!("ok {} {}", ok["order"], ok["total"]),
        _ => format!("ok {}", lines()),
    }
}

fn operations() -> impl Strategy<Value = Vec<Value>> {
    let user = || prop::sample::select(vec!["a", "b", "c"]);
    let product = || prop::sample::select(vec!["x", "y", "z"]);
    let items = || prop::collection::vec((product(), 1..4_i64), 1..4);
    let levels = prop::collection::vec((product(), 0..4_i64), 1..4);
    let listed = |items: Vec<(&str, i64)>| -> Value {
        items.iter().map(|(id, units)| json!({ "product": id, "quantity": units })).collect()
    };
    let one = prop_oneof![
        1 => user().prop_map(|user| json!({ "op": "user.add", "user": user })),
        2 => (user(), 1..60_i64).prop_map(|(user, amount)| json!({ "op": "wallet.charge", "user": user, "amount": amount })),
        1 => (product(), 0..9_i64, 0..9_i64).prop_map(|(product, price, stock)| {
            json!({ "op": "product.add", "product": product, "name": product, "price": price, "stock": stock })
        }),
        1 => (product(), 0..9_i64, prop::bool::weighted(0.8)).prop_map(|(product, price, active)| {
            json!({ "op": "product.update", "product": product, "price": price, "active": active })
        }),
        2 => (product(), -5..9_i64).prop_filter("not 0", |(_, delta)| *delta != 0).prop_map(|(product, delta)| {
            json!({ "op": "stock.adjust", "product": product, "delta": delta })
        }),
        5 => (user(), items()).prop_map(move |(user, items)| {
            json!({ "op": "order.place", "user": user, "items": listed(items) })
        }),
        2 => (1..9_i64).prop_map(|order| json!({ "op": "order.cancel", "order": order })),
        3 => (user(), product(), 1..4_i64).prop_map(|(user, product, quantity)| {
            json!({ "op": "cart.add", "user": user, "product": product, "quantity": quantity })
        }),
        2 => (user(), items()).prop_map(move |(user, items)| {
            json!({ "op": "cart.add", "user": user, "items": listed(items) })
        }),
        2 => (user(), levels).prop_map(move |(user, levels)| {
            json!({ "op": "cart.set", "user": user, "items": listed(levels) })
        }),
        1 => (user(), prop::collection::vec(product(), 1..3)).prop_map(|(user, products)| {
            json!({ "op": "cart.remove", "user": user, "products": products })
        }),
        1 => user().prop_map(|user| json!({ "op": "cart.clear", "user": user })),
        2 => user().prop_map(|user| json!({ "op": "cart.checkout", "user": user })),
    ];
    let keyed = (one, prop::option::weighted(0.3, 0..6)).prop_map(|(mut operation, key)| {
        if let Some(key) = key {
            operation["key"] = format!("k{key}").into();
        }
        operation
    });
    prop::collection::vec(keyed, 20..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reply_and_the_whole_state_agree_with_the_model(operations in operations(), group in 1..80_usize) {
        agree(On::File, &operations, group)?;
    }
}

proptest! {
    // Each case starts a server of its own.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_a_server_they_agree_too(
        operations in operations(), group in 1..80_usize, instances in prop::sample::select(vec![1_usize, 2, 4]),
    ) {
        agree(On::Server(instances), &operations, group)?;
    }
}

/// Applies the operations to a shop, in groups and through a different instance for each group, and to the model, and
/// compares the results.
fn agree(on: On, operations: &[Value], group: usize) -> Result<(), TestCaseError> {
    let (shop, mut model) = (Shop::on(on), Model::default());
    for operations in operations.chunks(group) {
        let instance = shop.instance();
        let tickets: Vec<_> =
            operations.iter().map(|o| instance.submit(registry::parse_operation(o).unwrap())).collect();
        for (operation, ticket) in operations.iter().zip(tickets) {
            let outcome = ticket.wait().map(|answer| serde_json::to_value(answer).unwrap());
            prop_assert_eq!(seen(operation, outcome), model.apply(operation), "{}", operation);
        }
    }
    for (user, balance) in &model.users {
        prop_assert_eq!(&shop.ask("wallet.balance", &json!({ "user": user }))["balance"], balance);
        let cart = shop.ask("cart.get", &json!({ "user": user }));
        let lines: Vec<(String, i64)> = cart["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| (line["product"].as_str().unwrap().into(), line["quantity"].as_i64().unwrap()))
            .collect();
        prop_assert_eq!(lines, model.carts.get(user).cloned().unwrap_or_default());
    }
    for (product, (price, stock, active)) in &model.products {
        let found = shop.ask("product.get", &json!({ "product": product }));
        prop_assert_eq!(
            &found,
            &json!({ "product": product, "name": product, "price": price, "stock": stock, "active": active })
        );
    }
    let mut units: BTreeMap<&String, i64> = BTreeMap::new();
    for (_, items, ..) in model.orders.iter().filter(|order| !order.3) {
        items.iter().for_each(|(id, n)| *units.entry(id).or_default() += n);
    }
    let top = shop.ask("sales.top", &json!({}));
    let sold: BTreeMap<String, i64> = top["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["product"].as_str().unwrap().into(), item["units"].as_i64().unwrap()))
        .collect();
    prop_assert_eq!(sold, units.into_iter().map(|(id, n)| (id.clone(), n)).collect());
    prop_assert_eq!(shop.commerce.verify().unwrap(), vec![]);
    Ok(())
}
