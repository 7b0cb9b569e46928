//! Plays the stories through the command line. Each operation runs as its own command if arguments can express its fields,
//! and through `apply` if they cannot (times, wrong types).

#[path = "../../../fixtures/story.rs"]
mod story;

use serde_json::{Value, json};

use crate::shop::Shop;

impl story::Door for Shop {
    fn submit(&mut self, operation: &Value) -> Value {
        let Some(args) = command(operation) else { return self.apply(operation) };
        let args: Vec<&str> = args.iter().map(String::as_str).chain(["--output", "json"]).collect();
        let output = self.run(&args);
        let json = |text: &[u8]| serde_json::from_slice::<Value>(text);
        match (output.status.code(), json(&output.stdout), json(&output.stderr)) {
            (Some(0), Ok(reply), _) => json!({ "ok": reply }),
            (Some(3), _, Ok(problem)) => json!({ "refused": problem }),
            (Some(2), _, Ok(problem)) if problem["code"] == "invalid_request" => {
                json!({ "invalid": problem })
            }
            // A value that is not a valid argument has no JSON pointer; a line of `apply` has one.
            (Some(2), ..) => self.apply(operation),
            _ => panic!("{args:?}: {output:?}"),
        }
    }

    fn ask(&mut self, query: &str, with: &Value) -> Value {
        let mut args: Vec<&str> = match query {
            "wallet.balance" => vec!["wallet", "show"],
            "wallet.history" => vec!["wallet", "history"],
            "product.list" => vec!["product", "list"],
            "product.get" => vec!["product", "show"],
            "stock.history" => vec!["product", "history"],
            "cart.get" => vec!["cart", "show"],
            "order.get" => vec!["order", "show"],
            "order.list" => vec!["order", "list"],
            "sales.top" => vec!["top"],
            "event.list" => vec!["events", "list"],
            "user.get" => vec!["user", "show"],
            "user.list" => vec!["user", "list"],
            other => panic!("no command asks {other}"),
        };
        let fields: Vec<(String, String)> = with
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (format!("--{name}"), text(value)))
            .collect();
        for (name, value) in &fields {
            let positional = match query {
                "order.list" => false,
                _ => ["--user", "--product", "--order"].contains(&name.as_str()),
            };
            args.extend((!positional).then_some(name.as_str()));
            args.push(value);
        }
        args.extend(["--output", "json"]);
        let output = self.run(&args);
        let from = if output.status.success() { &output.stdout } else { &output.stderr };
        match serde_json::from_slice(from) {
            Ok(answer) if output.status.success() => answer,
            Ok(problem) if output.status.code() == Some(3) => json!({ "refused": Value::clone(&problem) }),
            Ok(problem) => json!({ "invalid": Value::clone(&problem) }),
            Err(_) => panic!("{args:?}: {output:?}"),
        }
    }
}

impl Shop {
    fn apply(&self, operation: &Value) -> Value {
        let output = self.feed(&["apply", "-", "--trust-time"], operation.to_string());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{operation}: {e}: {output:?}"))
    }
}

/// The command of an operation, if arguments can express every field.
fn command(operation: &Value) -> Option<Vec<String>> {
    let fields = operation.as_object()?;
    let mut left: Vec<&str> = fields.keys().map(String::as_str).filter(|name| *name != "op").collect();
    let mut take = |name: &str| {
        let place = left.iter().position(|field| *field == name)?;
        left.remove(place);
        Some(text(&fields[name]))
    };
    let items = |list: &Value| -> Option<Vec<String>> {
        let one = |item: &Value| {
            let plain = item.as_object().is_some_and(|item| item.len() == 2);
            plain.then(|| format!("{}:{}", item["product"].as_str().unwrap_or_default(), item["quantity"]))
        };
        list.as_array()?.iter().map(one).collect()
    };
    let mut args: Vec<String> = Vec::new();
    let words: &[&str] = match fields.get("op")?.as_str()? {
        "user.add" => &["user", "add"],
        "wallet.charge" => &["charge"],
        "product.add" => &["product", "add"],
        "product.update" => &["product", "update"],
        "stock.adjust" => &["product", "restock"],
        "cart.add" => &["cart", "add"],
        "cart.set" => &["cart", "set"],
        "cart.remove" => &["cart", "remove"],
        "cart.clear" => &["cart", "clear", "--yes"],
        "cart.checkout" => &["cart", "checkout"],
        "order.place" => &["order", "place"],
        "order.cancel" => &["order", "cancel", "--yes"],
        _ => return None,
    };
    args.extend(words.iter().map(|word| (*word).to_owned()));
    args.extend(take("user"));
    match words {
        ["cart", "add" | "set"] if !fields.contains_key("items") => {
            args.push(format!("{}:{}", take("product")?, take("quantity")?));
        }
        ["order", "place"] | ["cart", "add" | "set"] => {
            take("items")?;
            args.extend(items(&fields["items"])?);
        }
        ["cart", "remove" | "checkout"] => {
            if take("products").is_some() {
                let named = fields["products"].as_array()?;
                args.extend(named.iter().map(text));
            }
        }
        _ => args.extend(["product", "amount", "order", "delta"].into_iter().filter_map(&mut take)),
    }
    for name in ["name", "price", "stock", "active", "reason", "expected_total", "key"] {
        if let Some(value) = take(name) {
            args.extend([format!("--{}", name.replace('_', "-")), value]);
        }
    }
    left.is_empty().then_some(args)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn the_stories_hold_on_the_command_line() {
    story::play_all(|| {
        let folder = Shop::bare();
        folder.ok(&["init"]);
        Box::new(folder)
    });
}

#[test]
fn the_stories_hold_on_the_command_line_with_a_server() {
    story::play_all(|| {
        let folder = Shop::on_server();
        folder.ok(&["init"]);
        Box::new(folder)
    });
}

#[test]
fn the_stories_hold_on_the_command_line_with_a_served_shop() {
    // Without a token, since one that is made today ends the time in which stories play.
    story::play_all(|| Box::new(Shop::new().serve(None)));
}
