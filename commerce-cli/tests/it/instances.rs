//! Tests four independent servers on one file under load while they are killed and restarted. Every acknowledged operation
//! is in the store once, and a retry with the same key gets the same answer.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "../../../fixtures/http.rs"]
pub mod http;

use http::{Answer, Client};

use crate::process::Server;
use crate::shop::Shop;

const SERVERS: usize = 4;
const CLIENTS: usize = 8;

fn serve(shop: &Shop) -> Server {
    Server::start(shop.program(&["serve", "--listen", "127.0.0.1:0"]))
}

/// A request that changes the store, with its key.
#[derive(Clone)]
struct Request {
    path: String,
    key: String,
    body: Value,
}

impl Request {
    fn send(&self, client: &mut Client) -> std::io::Result<Answer> {
        client.send("POST", &self.path, &[("Idempotency-Key", &self.key)], Some(&self.body))
    }
}

/// A customer with an account of their own, who retries every request until it is answered.
struct Customer<'a> {
    user: String,
    secret: &'a str,
    addresses: &'a Mutex<Vec<SocketAddr>>,
    random: u64,
    connection: Option<Client>,
    /// The acknowledged requests.
    done: Vec<(Request, Answer)>,
    lost: usize,
}

impl Customer<'_> {
    fn below(&mut self, end: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % end as u64) as usize
    }

    /// Sends a request to one server after the other, under the same key, until one answers.
    fn insist(&mut self, path: String, body: Value) -> Value {
        let key = format!("{}-{}", self.user, self.done.len());
        let request = Request { path, key, body };
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < Duration::from_secs(60), "{} is not answered", request.path);
            if self.connection.is_none() {
                let which = self.below(SERVERS);
                let address = self.addresses.lock().unwrap()[which];
                self.connection = Client::connect(address).ok().map(|client| client.bearer(self.secret));
            }
            let Some(client) = &mut self.connection else { continue };
            match request.send(client) {
                Ok(answer) if answer.status == 503 => {}
                Ok(answer) => {
                    assert!([200, 201].contains(&answer.status), "{}: {answer:?}", request.path);
                    let reply = answer.json();
                    self.done.push((request, answer));
                    return reply;
                }
                // The server was killed before or after the commit.
                Err(_) => {
                    self.connection = None;
                    self.lost += 1;
                }
            }
        }
    }

    /// Sends one of each kind of request. Returns the changes of the balance and of the stock.
    fn act(&mut self) -> (i64, i64) {
        let user = self.user.clone();
        let own = |rest: &str| format!("/v1/users/{user}/{rest}");
        let item = json!({ "product": "pen", "quantity": 2 });
        match self.below(4) {
            0 => {
                self.insist(own("charges"), json!({ "amount": 7 }));
                (7, 0)
            }
            1 => {
                self.insist("/v1/orders".into(), json!({ "user": user, "items": [item] }));
                (-20, -2)
            }
            2 => {
                self.insist(own("cart/items"), item);
                let order = self.insist(own("cart/checkout"), json!({}));
                assert_eq!(order["total"], 20, "neither nothing nor twice was in the cart: {order}");
                (-20, -2)
            }
            _ => {
                let order = self.insist("/v1/orders".into(), json!({ "user": user, "items": [item] }));
                let cancelled = self.insist(format!("/v1/orders/{}/cancel", order["order"]), json!({}));
                assert_eq!(cancelled["status"], "cancelled");
                (0, 0)
            }
        }
    }
}

/// For more rounds: `COMMERCE_TEST_KILLS=200 cargo test -p commerce-cli instances`.
#[test]
fn servers_killed_at_random_lose_nothing_and_double_nothing() {
    let kills =
        std::env::var("COMMERCE_TEST_KILLS").map_or(16, |text| text.parse().expect("a number of kills"));
    let shop = Shop::new();
    shop.ok(&["product", "add", "pen", "--name", "Pen", "--price", "10", "--stock", "1000000"]);
    for number in 0..CLIENTS {
        shop.ok(&["user", "add", &format!("u{number}")]);
        shop.ok(&["charge", &format!("u{number}"), "1000000"]);
    }
    let secret = shop.json(&["token", "create", "office", "--role", "operator"])["secret"].clone();
    let secret = secret.as_str().unwrap();

    let mut servers: Vec<Server> = (0..SERVERS).map(|_| serve(&shop)).collect();
    let addresses = Mutex::new(servers.iter().map(|server| server.address).collect::<Vec<_>>());
    let stop = AtomicBool::new(false);
    let customers: Vec<_> = std::thread::scope(|scope| {
        let start = |number: usize| {
            let (addresses, stop) = (&addresses, &stop);
            scope.spawn(move || {
                let mut customer = Customer {
                    user: format!("u{number}"),
                    secret,
                    addresses,
                    random: 0x9E37_79B9_7F4A_7C15 + number as u64,
                    connection: None,
                    done: Vec::new(),
                    lost: 0,
                };
                let (mut balance, mut stock) = (1_000_000, 0);
                while !stop.load(Ordering::Relaxed) {
                    let (money, units) = customer.act();
                    (balance, stock) = (balance + money, stock + units);
                }
                (customer, balance, stock)
            })
        };
        let threads: Vec<_> = (0..CLIENTS).map(start).collect();
        for round in 0..kills {
            std::thread::sleep(Duration::from_millis(100 + round as u64 * 37 % 150));
            let victim = round * 7 % SERVERS;
            servers[victim].process.kill();
            servers[victim] = serve(&shop);
            addresses.lock().unwrap()[victim] = servers[victim].address;
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });

    let lost: usize = customers.iter().map(|(customer, ..)| customer.lost).sum();
    assert!(lost > 0, "no kill was noticed by anybody");
    let mut orders: HashMap<i64, &str> = HashMap::new();
    let mut sold = 0;
    let mut client = Client::connect(servers[0].address).unwrap().bearer(secret);
    for (customer, balance, stock) in &customers {
        sold += stock;
        let found = client.get(&format!("/v1/users/{}/balance", customer.user)).json();
        assert_eq!(found["balance"], *balance, "{}", customer.user);
        for (request, answer) in &customer.done {
            let again = request.send(&mut client).unwrap();
            assert_eq!((again.status, &again.body), (answer.status, &answer.body), "{}", request.key);
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{}", request.key);
            let placed = request.path.ends_with("orders") || request.path.ends_with("checkout");
            if let (true, Some(order)) = (placed, answer.json()["order"].as_i64()) {
                assert_eq!(orders.insert(order, &request.key), None, "order {order} was acknowledged twice");
            }
        }
        assert!(customer.done.len() > kills, "{} did {} only", customer.user, customer.done.len());
    }
    assert_eq!(client.get("/v1/products/pen").json()["stock"], 1_000_000 + sold);
    let known = shop.json(&["order", "list", "--all"])["items"].as_array().unwrap().len();
    assert_eq!(known, orders.len(), "each order belongs to one acknowledged request");
    shop.ok(&["verify"]);
}
