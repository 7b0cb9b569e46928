//! The work of the processes: operations of every kind, each with a key, so that it can be repeated.

use serde_json::{Value, json};

/// Operations in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(pub Vec<Line>);

/// An operation and its final outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub operation: Value,
    /// The code of its refusal, which is permanent.
    pub refused: Option<&'static str>,
}

impl Line {
    pub fn key(&self) -> &str {
        self.operation["key"].as_str().unwrap()
    }
}

impl Script {
    /// The lines that every store begins with: products, and orders that can be cancelled.
    pub fn beginning() -> Self {
        let mut script = Self::default();
        for (product, stock) in [("pen", 1_000_000), ("mug", 1_000_000)] {
            let name = format!("{product} 상품");
            script.add(
                "beginning",
                json!({ "op": "product.add", "product": product, "name": name, "price": 10, "stock": stock }),
            );
        }
        script.add("beginning", json!({ "op": "user.add", "user": "poor" }));
        script.add("beginning", json!({ "op": "user.add", "user": "old" }));
        script.add("beginning", json!({ "op": "wallet.charge", "user": "old", "amount": 100_000 }));
        for _ in 0..8 {
            let items = json!([{ "product": "pen", "quantity": 1 }]);
            script.add("beginning", json!({ "op": "order.place", "user": "old", "items": items }));
        }
        script
    }

    /// The lines of one customer: rounds of charges and orders, and refusals that are permanent once the lines before
    /// them were done. Customers are numbered from 0 to 7.
    pub fn customer(number: usize, rounds: usize) -> Self {
        Self::rounds(number, rounds, true)
    }

    /// The same without those refusals, so that any line may fail and be repeated later in any order.
    pub fn obliging(number: usize, rounds: usize) -> Self {
        Self::rounds(number, rounds, false)
    }

    fn rounds(number: usize, rounds: usize, refused: bool) -> Self {
        let user = format!("u{number}");
        let mut script = Self::default();
        let items = |product: &str| json!([{ "product": product, "quantity": 2 }]);
        script.add(&user, json!({ "op": "user.add", "user": user }));
        if refused {
            script.refused("user_exists", &user, json!({ "op": "user.add", "user": user, "name": "again" }));
        }
        script.add(&user, json!({ "op": "order.cancel", "order": number + 1 }));
        let rare = format!("rare-{number}");
        script.add(
            &user,
            json!({ "op": "product.add", "product": rare, "name": rare, "price": 7, "stock": 3 }),
        );
        for round in 0..rounds {
            script.add(&user, json!({ "op": "wallet.charge", "user": user, "amount": 1_000 }));
            script.add(&user, json!({ "op": "order.place", "user": user, "items": items("pen") }));
            script.add(&user, json!({ "op": "cart.add", "user": user, "product": "mug", "quantity": 3 }));
            script.add(&user, json!({ "op": "cart.checkout", "user": user }));
            script.add(&user, json!({ "op": "stock.adjust", "product": "mug", "delta": 5 }));
            if round == 0 {
                script.add(&user, json!({ "op": "order.place", "user": user, "items": items(&rare) }));
                if refused {
                    let again = json!({ "op": "order.place", "user": user, "items": items(&rare) });
                    script.refused("out_of_stock", &user, again);
                }
                script.refused(
                    "insufficient_balance",
                    &user,
                    json!({ "op": "order.place", "user": "poor", "items": items("pen") }),
                );
            }
        }
        script
    }

    /// `count` charges and `count` orders of a customer: small changes that each fill some pages of the log.
    pub fn long(number: usize, count: usize) -> Self {
        let mut script = Self::customer(number, 1);
        let user = format!("u{number}");
        for _ in 0..count {
            let items = json!([{ "product": "pen", "quantity": 1 }]);
            script.add(&user, json!({ "op": "wallet.charge", "user": user, "amount": 10 }));
            script.add(&user, json!({ "op": "order.place", "user": user, "items": items }));
        }
        script
    }

    /// Charges of an existing user.
    pub fn charges(user: &str, count: usize) -> Self {
        let mut script = Self::default();
        for amount in 1..=count {
            script.add(user, json!({ "op": "wallet.charge", "user": user, "amount": amount }));
        }
        script
    }

    fn add(&mut self, whose: &str, operation: Value) {
        self.push(None, whose, operation);
    }

    fn refused(&mut self, code: &'static str, whose: &str, operation: Value) {
        self.push(Some(code), whose, operation);
    }

    fn push(&mut self, refused: Option<&'static str>, whose: &str, mut operation: Value) {
        operation["key"] = format!("{whose}-{}", self.0.len()).into();
        self.0.push(Line { operation, refused });
    }

    /// The line to which a result of `apply` belongs.
    pub fn asked(&self, result: &str) -> &Line {
        let result: Value = serde_json::from_str(result).unwrap();
        &self.0[usize::try_from(result["line"].as_u64().unwrap()).unwrap() - 1]
    }

    /// The lines for `apply`.
    pub fn text(&self) -> String {
        self.0.iter().map(|line| format!("{}\n", line.operation)).collect()
    }
}
