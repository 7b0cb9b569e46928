//! The customers of a storm, each with an account of their own, and what they were told.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::instance::Shared;
use super::{CUSTOMERS, INSTANCES, MONEY, STOCK};
use crate::instances::http::{Answer, Client};
use crate::network::Random;
use crate::shop::Shop;

/// A customer, who repeats every request until it has an outcome.
pub struct Customer<'a> {
    shared: &'a Shared,
    number: usize,
    random: Random,
    /// The instance that is asked, and its start.
    connection: Option<(usize, u64, Client)>,
    done: Vec<(Request, Answer)>,
    balance: i64,
    bought: i64,
}

/// A request that changes the store, with its key.
struct Request {
    path: String,
    key: String,
    body: Value,
}

/// The longest time for one answer. An operation waits for 10 s, and two more for the outcome of a commit in flight.
const PATIENCE: Duration = Duration::from_secs(14);

/// The longest time until a request has an outcome, through all faults.
const INSISTENCE: Duration = Duration::from_secs(90);

/// The pause before a request is repeated.
const PAUSE: Duration = Duration::from_millis(50);

impl<'a> Customer<'a> {
    pub fn new(shared: &'a Shared, number: usize) -> Self {
        let random = Random(shared.seed.rotate_left(number as u32 + 1));
        Self { shared, number, random, connection: None, done: Vec::new(), balance: MONEY, bought: 0 }
    }

    pub fn act_until_stopped(mut self) -> Self {
        while !self.shared.stopped() {
            self.act();
        }
        self
    }

    fn user(&self) -> String {
        format!("u{}", self.number)
    }

    fn act(&mut self) {
        let user = self.user();
        let own = |rest: &str| format!("/v1/users/{user}/{rest}");
        let item = json!({ "product": "pen", "quantity": 2 });
        let order = json!({ "user": user, "items": [item] });
        match self.random.below(6) {
            0 => {
                self.insist(own("charges"), json!({ "amount": 7 }), 201);
                self.balance += 7;
            }
            1 => {
                self.insist("/v1/orders".into(), order, 201);
                self.buy();
            }
            2 => {
                self.insist(own("cart/items"), item, 200);
                let order = self.insist(own("cart/checkout"), json!({}), 201);
                self.expect(order["total"] == 20, || {
                    format!("neither nothing nor twice was in the cart: {order}")
                });
                self.buy();
            }
            3 => {
                let order = self.insist("/v1/orders".into(), order, 201);
                self.insist(format!("/v1/orders/{}/cancel", order["order"]), json!({}), 200);
            }
            4 => {
                let none = json!({ "user": user, "items": [{ "product": "rare", "quantity": 1 }] });
                let refused = self.insist("/v1/orders".into(), none, 409);
                self.expect(refused["code"] == "out_of_stock", || format!("{refused}"));
            }
            _ => {
                let (balance, told) = (self.balance, self.read(&own("balance")));
                self.expect(told["balance"] == balance, || {
                    format!("{user} has {balance}, and was told {told}")
                });
            }
        }
        // Now and then another instance is asked, which must know all that this one has acknowledged.
        if self.random.below(20) == 0 {
            self.connection = None;
        }
    }

    fn buy(&mut self) {
        self.balance -= 20;
        self.bought += 2;
    }

    /// Sends a request under its key until it has an outcome, which must have this status.
    fn insist(&mut self, path: String, body: Value, status: u16) -> Value {
        let key = format!("{}-{}", self.user(), self.done.len());
        let request = Request { path, key, body };
        let answer = self.outcome(&request.path, |client| request.send(client));
        let reply = answer.json();
        self.expect(answer.status == status, || format!("{}: {} {reply}", request.path, answer.status));
        self.shared.acknowledged.fetch_add(1, Ordering::Relaxed);
        self.done.push((request, answer));
        reply
    }

    fn read(&mut self, path: &str) -> Value {
        self.outcome(path, |client| client.send("GET", path, &[], None)).json()
    }

    /// Asks one instance after the other until one answers. All other answers ask for patience.
    fn outcome(&mut self, path: &str, send: impl Fn(&mut Client) -> std::io::Result<Answer>) -> Answer {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < INSISTENCE, "{path} has no outcome: {:?}", self.shared.wrong);
            let Some((place, generation, mut client)) = self.connected() else {
                std::thread::sleep(PAUSE);
                continue;
            };
            let asked = Instant::now();
            let answer = send(&mut client);
            let (instance, took) = (&self.shared.instances[place], asked.elapsed());
            match answer {
                Ok(answer) => {
                    self.connection = Some((place, generation, client));
                    self.expect(took < PATIENCE, || format!("{path} took {took:?}"));
                    if answer.status < 500 {
                        instance.has_answered();
                        return answer;
                    }
                    let said = answer.json();
                    let patience = answer.status == 503 && answer.header("retry-after").is_some();
                    self.expect(patience, || format!("{path} of {place}: {} {said}", answer.status));
                }
                // It may have been killed before or after the commit.
                Err(lost) => self.expect(instance.generation() != Some(generation), || {
                    format!("{path}: {place} ended the connection after {took:?}: {lost}")
                }),
            }
            self.shared.repeated.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(PAUSE);
        }
    }

    /// The connection, or a new one: to an instance of its own for half of the customers, so that each instance has one,
    /// and to any for the others.
    fn connected(&mut self) -> Option<(usize, u64, Client)> {
        if let Some(connection) = self.connection.take() {
            return Some(connection);
        }
        let place =
            if self.number < INSTANCES { self.number } else { self.random.below(INSTANCES as u64) as usize };
        let instance = &self.shared.instances[place];
        let generation = instance.generation()?;
        let mut client = Client::connect(instance.address()).ok()?.bearer(&self.shared.secret);
        client.set_timeout(PATIENCE * 2);
        Some((place, generation, client))
    }

    fn expect(&self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.shared.went_wrong(what());
        }
    }
}

impl Request {
    fn send(&self, client: &mut Client) -> std::io::Result<Answer> {
        client.send("POST", &self.path, &[("Idempotency-Key", &self.key)], Some(&self.body))
    }
}

/// Compares what the customers were told with what there is.
pub fn check(shop: &Shop, shared: &Shared, customers: &[Customer<'_>]) {
    let mut orders: HashMap<i64, &str> = HashMap::new();
    let mut client = Client::connect(shared.instances[0].address()).unwrap().bearer(&shared.secret);
    for customer in customers {
        let found = client.get(&format!("/v1/users/{}/balance", customer.user())).json();
        assert_eq!(found["balance"], customer.balance, "{}", customer.user());
        for (request, answer) in &customer.done {
            let again = request.send(&mut client).unwrap();
            assert_eq!(again.status, answer.status, "{}: {again:?}", request.key);
            if answer.status == 409 {
                continue;
            }
            assert_eq!(again.body, answer.body, "{}", request.key);
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{}", request.key);
            let placed = request.path.ends_with("orders") || request.path.ends_with("checkout");
            if let (true, Some(order)) = (placed, answer.json()["order"].as_i64()) {
                assert_eq!(orders.insert(order, &request.key), None, "order {order} was acknowledged twice");
            }
        }
    }
    assert_eq!(customers.len(), CUSTOMERS);
    let bought: i64 = customers.iter().map(|customer| customer.bought).sum();
    assert_eq!(client.get("/v1/products/pen").json()["stock"], STOCK - bought);
    let known = shop.json(&["order", "list", "--all"])["items"].as_array().unwrap().len();
    assert_eq!(known, orders.len(), "each order belongs to one acknowledged request");
    shop.ok(&["verify"]);
}
