//! Measures every command as a process of its own.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;

use crate::Result;
use crate::shop::{PROGRAM, Shop};
use crate::table::{Reference, Table};

/// A measured command. The words in braces are parameters, drawn for each run.
struct Case {
    words: &'static str,
    reference: Reference,
    /// The preparation, which is not measured.
    before: Before,
}

enum Before {
    Nothing,
    /// Runs other commands.
    Run(&'static [&'static str]),
    /// Places an order, `{placed}`.
    Order,
    /// Writes a file of orders, `{orders}`.
    Orders,
    /// Writes a file of products, `{catalogue}`.
    Catalogue,
    /// Corrupts a balance.
    Corrupt,
    /// Restores the original shop.
    Reset,
}

use Before::{Catalogue, Corrupt, Nothing, Order, Orders, Reset, Run};
use Reference::{Printed, Shop as WholeShop};

/// Commands that are not measured here, and why.
const EXCLUDED: [(&str, &str); 2] =
    [("tui", "interactive: the console has a bench of its own"), ("serve", "measured with the routes")];

const CASES: &[Case] = &[
    // The first question makes the sums of the days.
    case("top --days 365 --limit 6", WholeShop, Reset),
    case("top", Printed, Nothing),
    case("top --days 30", Printed, Nothing),
    case("top --days 365", Printed, Nothing),
    case("top --days 30 --to {middle}", Printed, Nothing),
    case("user show {user}", Printed, Nothing),
    case("user list", Printed, Nothing),
    case("user list --search 민지", Printed, Nothing),
    case("user list --search nobody", Printed, Nothing),
    case("user list --all --output csv", Printed, Nothing),
    case("wallet show {user}", Printed, Nothing),
    case("wallet history {user}", Printed, Nothing),
    case("wallet history {user} --all --output csv", Printed, Nothing),
    case("balance {user}", Printed, Nothing),
    case("product show {product}", Printed, Nothing),
    case("product list", Printed, Nothing),
    case("product list --active false", Printed, Nothing),
    case("product list --sort name", Printed, Nothing),
    case("product list --sort price", Printed, Nothing),
    case("product list --sort -price", Printed, Nothing),
    case("product list --sort stock", Printed, Nothing),
    case("product list --search 머그", Printed, Nothing),
    case("product list --search 머그 --sort -price", Printed, Nothing),
    case("product list --search {product}", Printed, Nothing),
    case("product list --search nothing-like-it", Printed, Nothing),
    case("product list --all --output csv", Printed, Nothing),
    case("product list --sort stock --all --output csv", Printed, Nothing),
    case("product export", Printed, Nothing),
    case("cart show {user}", Printed, Run(&["cart add {user} {product}"])),
    case("order show {order}", Printed, Nothing),
    case("order list", Printed, Nothing),
    case("order list --user {user}", Printed, Nothing),
    case("order list --user {user} --all --output csv", Printed, Nothing),
    case("order list --status cancelled", Printed, Nothing),
    case("order list --user {user} --status cancelled", Printed, Nothing),
    case("order list --to {middle}", Printed, Nothing),
    case("order list --to {middle} --status cancelled --user {user}", Printed, Nothing),
    case("order list --all --output csv", Printed, Nothing),
    case("order list --all --output jsonl", Printed, Nothing),
    case("events list", Printed, Nothing),
    case("events list --status dead", Printed, Nothing),
    case("events list --all --output csv", Printed, Nothing),
    case("token list", Printed, Nothing),
    case("verify", WholeShop, Nothing),
    case("backup {new}.copy", WholeShop, Nothing),
    case("user add {new}", Printed, Nothing),
    case("wallet charge {user} 1000", Printed, Nothing),
    case("charge {user} 1000", Printed, Nothing),
    case("product add {new} --name Mug --price 1000 --stock 1", Printed, Nothing),
    case("product update {product} --price 1000", Printed, Nothing),
    case("product update {product} --name Mug", Printed, Nothing),
    case("product restock {product} 1", Printed, Nothing),
    case("product import {catalogue}", Printed, Catalogue),
    case("cart add {user} {product}", Printed, Nothing),
    case("cart set {user} {product}:2", Printed, Nothing),
    case("cart remove {user} {product}", Printed, Run(&["cart add {user} {product}"])),
    case("cart clear {user} --yes", Printed, Run(&["cart add {user} {product}"])),
    case("cart checkout {user}", Printed, Run(&["cart add {user} {product} {other}"])),
    case("order place {user} {product} {other}", Printed, Nothing),
    case("buy {user} {product} {other}", Printed, Nothing),
    case("order cancel {placed} --yes", Printed, Order),
    case("apply {orders}", Printed, Orders),
    case("token create {new} --role operator", Printed, Nothing),
    case("token revoke {new} --yes", Printed, Run(&["token create {new} --role operator"])),
    case("events retry --all", Printed, Nothing),
    case("events relay --once --sink file:{new}.jsonl", WholeShop, Reset),
    case("verify --repair --yes", WholeShop, Corrupt),
    case("restore {new}.copy --yes", WholeShop, Run(&["backup {new}.copy"])),
    case("--db {new}.db init --sample", Printed, Nothing),
    case("--db {new}.db demo", Printed, Nothing),
    case("completions bash", Printed, Nothing),
    case("man", Printed, Nothing),
];

/// The most runs of a command, of which the best counts, and the time after which no further run starts.
const RUNS: usize = 5;
const TIME: Duration = Duration::from_secs(2);

const fn case(words: &'static str, reference: Reference, before: Before) -> Case {
    Case { words, reference, before }
}

/// Fails if a command has no case.
pub fn require_all_cases() -> Result<()> {
    let mut missing = command_names(&[])?;
    missing.retain(|name| {
        let named = |words: &str| format!("{words} ").contains(&format!("{name} "));
        !EXCLUDED.iter().any(|(left, _)| left == name) && !CASES.iter().any(|case| named(case.words))
    });
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("commands that are not measured: {missing:?}").into())
    }
}

/// The names of all commands, from the program's help.
fn command_names(parent: &[&str]) -> Result<BTreeSet<String>> {
    let output = Command::new(PROGRAM).args(parent).arg("--help").output()?;
    let help = String::from_utf8(output.stdout)?;
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut names = BTreeSet::new();
    for line in listed.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let Some(name) = line.split_whitespace().next().filter(|name| *name != "help") else { continue };
        names.extend(command_names(&[parent, &[name]].concat())?);
    }
    if names.is_empty() {
        names.insert(parent.join(" "));
    }
    Ok(names)
}

/// Measures the commands whose words contain `only`.
pub fn measure(shop: &mut Shop, only: &str, table: &mut Table) -> Result<()> {
    for case in CASES.iter().filter(|case| case.words.contains(only)) {
        let mut runs = Vec::new();
        let mut spent = Duration::ZERO;
        while runs.len() < RUNS && spent < TIME {
            let words = prepare(shop, case)?;
            let measured = shop.run(&words)?;
            spent += measured.took;
            runs.push(measured);
        }
        // Other programs on the machine can only make a run slower.
        let took = runs.iter().map(|run| run.took).min().unwrap_or_default();
        let peak = runs.iter().map(|run| run.peak).max().unwrap_or(0);
        let printed = runs.iter().map(|run| run.lines).max().unwrap_or(0);
        table.put(case.words, case.reference, shop.size, [ms(took), peak as f64 / 1e6], printed);
    }
    Ok(())
}

/// A duration in milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Runs the preparation and returns the command with all words filled in.
fn prepare(shop: &mut Shop, case: &Case) -> Result<String> {
    let mut parameters = shop.draw();
    match &case.before {
        Nothing => {}
        Run(commands) => {
            for words in *commands {
                shop.run(&parameters.fill(words))?;
            }
        }
        Order => {
            let placed = shop.ask(&parameters.fill("order place {user} {product} {other}"))?;
            parameters.set("{placed}", placed["order"].to_string());
        }
        Orders => shop.orders(&mut parameters)?,
        Catalogue => shop.catalogue(&mut parameters)?,
        Corrupt => {
            let sql = "UPDATE wallets SET balance = balance + 1 WHERE user_no = 1";
            Connection::open(shop.store())?.execute(sql, [])?;
        }
        Reset => shop.reset()?,
    }
    Ok(parameters.fill(case.words))
}
