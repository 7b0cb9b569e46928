//! The usual way of writing to a libSQL server: a transaction per order and a request per statement, on a keep-alive
//! connection. It writes the same tables and rows as the engine.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::work::{Keys, Measured, Random, Result, together};

/// One Hrana stream, as a client library keeps it.
struct Stream {
    agent: ureq::Agent,
    endpoint: String,
    baton: Value,
}

/// Places orders from `threads` threads, each one order at a time.
pub fn orders(port: u16, threads: u64, run: Duration) -> Result<Measured> {
    let started = Instant::now();
    let one = |thread: u64| -> Result<Vec<Duration>> {
        let (mut random, mut waits) = (Random::new(thread + 1), Vec::new());
        let mut stream = Stream::new(port);
        while started.elapsed() < run {
            let (user, products, key) = random.order(Keys::Ordered);
            let asked = Instant::now();
            // The server may abort a transaction and asks the client to retry it.
            while let Err(error) = stream.order(user, products, &key) {
                if started.elapsed() > run {
                    return Err(error);
                }
                stream = Stream::new(port);
            }
            waits.push(asked.elapsed());
        }
        Ok(waits)
    };
    let waits = together(threads, one)?.concat();
    Ok(Measured { waits, took: started.elapsed() })
}

impl Stream {
    fn new(port: u16) -> Self {
        let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
        Self { agent, endpoint: format!("http://localhost:{port}/v3/pipeline"), baton: Value::Null }
    }

    fn order(&mut self, user: u64, products: [u64; 3], key: &str) -> Result<()> {
        self.run("BEGIN IMMEDIATE", &[])?;
        let last = self.run("SELECT last_order, last_entry, last_event, last_at FROM store", &[])?;
        let [order, entry, event, at] = [last[0] + 1, last[1] + 1, last[2] + 1, last[3] + 1];
        let user = format!("user-{user}");
        let wallet = self.run(
            "SELECT user_no, balance, last_entry, last_order FROM users JOIN wallets USING (user_no) WHERE user = ?1",
            &[text(&user)],
        )?;
        let (user, mut total, mut lines) = (wallet[0], 0, Vec::new());
        for product in products {
            let product = format!("product-{product}");
            let row = self.run(
                "SELECT product_no, price, stock FROM products JOIN stocks USING (product_no) WHERE product = ?1",
                &[text(&product)],
            )?;
            total += row[1];
            lines.push((row[0], row[1], product));
        }
        let balance = wallet[1] - total;
        self.run(
            "UPDATE wallets SET balance = ?2, last_entry = ?3, last_order = ?4 WHERE user_no = ?1",
            &[int(user), int(balance), int(entry), int(order)],
        )?;
        let previous = int(wallet[3]);
        self.run(
            "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)",
            &[int(order), int(user), int(total), int(balance), previous, int(at)],
        )?;
        for (place, (product, price, name)) in (order * 1_024..).zip(&lines) {
            self.run("UPDATE stocks SET stock = stock - 1 WHERE product_no = ?1", &[int(*product)])?;
            self.run(
                "INSERT INTO order_lines VALUES (?1, ?2, ?3, ?4, 1)",
                &[int(place), int(*product), text(name), int(*price)],
            )?;
        }
        self.run(
            "INSERT INTO ledger VALUES (?1, ?2, 'payment', ?3, ?4, ?5, ?6, ?7, NULL)",
            &[int(entry), int(user), int(-total), int(balance), int(order), int(wallet[2]), int(at)],
        )?;
        self.run("INSERT INTO outbox VALUES (?1, 'OrderCompleted', ?2)", &[int(event), int(order)])?;
        self.run(
            "INSERT INTO keys VALUES (?1, ?2, 0, ?3, NULL, ?4)",
            &[text(key), int(user), int(order), int(at)],
        )?;
        self.run(
            "UPDATE store SET last_order = ?1, last_entry = ?2, last_event = ?3, last_at = ?4",
            &[int(order), int(entry), int(event), int(at)],
        )?;
        self.run("COMMIT", &[]).map(drop)
    }

    /// Runs a statement and returns the integers of its first row.
    fn run(&mut self, sql: &str, args: &[Value]) -> Result<Vec<i64>> {
        let body = json!({
            "baton": self.baton, "requests": [{ "type": "execute", "stmt": { "sql": sql, "args": args } }],
        });
        let mut response = self.agent.post(&self.endpoint).send(body.to_string())?;
        let mut answer: Value = serde_json::from_slice(&response.body_mut().read_to_vec()?)?;
        self.baton = answer["baton"].take();
        let result = &answer["results"][0]["response"]["result"];
        if result.is_null() {
            return Err(answer["results"][0]["error"].to_string().into());
        }
        let row = result["rows"][0].as_array().into_iter().flatten();
        Ok(row.map(|cell| cell["value"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)).collect())
    }
}

fn int(value: i64) -> Value {
    json!({ "type": "integer", "value": value.to_string() })
}

fn text(value: &str) -> Value {
    json!({ "type": "text", "value": value })
}
