//! Prints the cost of every statement of the engine in shops of several sizes, as the tables of `QUERIES.md`. It works on
//! copies and does not change the shops.
//!
//!     cargo run --release -p commerce-core --example grow -- 10k.db --orders 10000 --products 10000 --users 1000
//!     cargo run --release -p commerce-core --example explain -- 10k.db 100k.db 1m.db

mod grouped;
mod stage;
mod works;

use std::path::{Path, PathBuf};

use commerce_core::{Commerce, Cost, Options, SystemClock};
use rusqlite::Connection;

use grouped::grouped;
use stage::{Shop, text};
use works::{Act, Growth, Work, works};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Operations of a group.
const GROUP: usize = 64;

/// A copy of a shop, and its size.
struct Copy {
    path: PathBuf,
    users: usize,
    products: usize,
    orders: usize,
}

/// The cost of a statement in each shop.
type Row = Vec<Cost>;

/// A query or operation, and the cost of each of its statements.
struct Measurement {
    what: String,
    rows: Vec<(String, Row)>,
}

fn main() -> Result<()> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        return Err("explain FILE...".into());
    }
    let folder = tempfile::tempdir()?;
    let copy = |(place, file): (usize, &PathBuf)| Copy::new(file, &folder.path().join(format!("{place}.db")));
    let copies: Vec<Copy> = files.iter().enumerate().map(copy).collect::<Result<_>>()?;
    let mut measurements = Vec::new();
    let works = works();
    for work in &works {
        measurements.push(Measurement::new(work, &copies, (0, 1))?);
        if let Act::Do(_) = work.act {
            measurements.push(Measurement::new(work, &copies, (1, GROUP))?);
        }
    }
    let mut texts: Vec<&str> = Vec::new();
    for (text, _) in measurements.iter().flat_map(|measurement| &measurement.rows) {
        if !texts.contains(&text.as_str()) {
            texts.push(text);
        }
    }
    held(&works);
    costs(&copies, &measurements, &texts);
    let largest = copies.last().ok_or("no shop")?;
    statements(&Connection::open(&largest.path)?, &texts)
}

impl Copy {
    fn new(file: &Path, path: &Path) -> Result<Self> {
        let shop = Commerce::open(file, Options::new(SystemClock))?;
        shop.backup(path)?;
        shop.close();
        let look = Connection::open(path)?;
        let sizes = "SELECT last_user, last_product, last_order FROM store";
        let size = |row: &rusqlite::Row<'_>, column| row.get::<usize, u32>(column).map(|size| size as usize);
        let (users, products, orders) =
            look.query_row(sizes, [], |row| Ok((size(row, 0)?, size(row, 1)?, size(row, 2)?)))?;
        drop(look);
        let copy = Commerce::open(path, Options::new(SystemClock))?;
        Shop { commerce: &copy, file: Some(path), users, orders, begin: &|| () }.stage();
        Ok(Self { path: path.into(), users, products, orders })
    }

    /// Measures a query or operation in a process that has just opened the shop.
    fn measure(&self, work: &Work, (first, count): (usize, usize)) -> Result<Vec<Cost>> {
        let commerce = Commerce::open(&self.path, Options::new(SystemClock).count_costs())?;
        let begin = || drop(commerce.costs());
        let (file, users, orders) = (Some(self.path.as_path()), self.users, self.orders);
        Shop { commerce: &commerce, file, users, orders, begin: &begin }.act(work, first, count);
        Ok(commerce.costs())
    }
}

impl Measurement {
    fn new(work: &Work, copies: &[Copy], which: (usize, usize)) -> Result<Self> {
        let mut rows: Vec<(String, Row)> = Vec::new();
        for (place, copy) in copies.iter().enumerate() {
            for cost in copy.measure(work, which)? {
                let text = text(&cost.sql);
                if !rows.iter().any(|(known, _)| *known == text) {
                    rows.push((text.clone(), vec![Cost::default(); copies.len()]));
                }
                for (_, row) in rows.iter_mut().filter(|(known, _)| *known == text) {
                    add(&mut row[place], &cost);
                }
            }
        }
        let group = if which.1 > 1 { ": a group" } else { "" };
        Ok(Self { what: name(work) + group, rows })
    }
}

fn name(work: &Work) -> String {
    [work.name, work.case].join(", ").trim_end_matches(", ").into()
}

/// Prints the costs that the test asserts.
fn held(works: &[Work]) {
    println!(
        "| query or operation | allowed growth | scans | sorts | requests to a server |\n|---|---|---|---|--:|"
    );
    for work in works {
        let growth = match work.growth {
            Growth::Constant => "".into(),
            Growth::Little(why) => format!("at most double ({why})"),
            Growth::Rows(why) => format!("with the rows ({why})"),
        };
        let requests = if work.requests > 0 { work.requests.to_string() } else { String::new() };
        let [scans, sorts] = [work.scans, work.sorts].map(Option::unwrap_or_default);
        println!("| {} | {growth} | {scans} | {sorts} | {requests} |", name(work));
    }
    println!();
}

fn add(sum: &mut Cost, cost: &Cost) {
    sum.runs += cost.runs;
    sum.rows += cost.rows;
    sum.steps += cost.steps;
    sum.scanned += cost.scanned;
    sum.sorts += cost.sorts;
}

/// Prints the costs of every query and operation, and of each statement.
fn costs(copies: &[Copy], measurements: &[Measurement], texts: &[&str]) {
    let mut head = "| query or operation | statement | runs |".to_owned();
    for Copy { users, products, orders, .. } in copies {
        let size = [orders, products, users].map(|count| grouped(*count));
        head += &format!(" rows | steps, {} orders, {} products, {} users |", size[0], size[1], size[2]);
    }
    println!("{head}\n|---|---|--:|{}", "--:|--:|".repeat(copies.len()));
    for Measurement { what, rows } in measurements {
        let mut all = vec![Cost::default(); copies.len()];
        rows.iter().for_each(|(_, row)| all.iter_mut().zip(row).for_each(|(sum, cost)| add(sum, cost)));
        let name =
            |text: &str| format!("S{}", texts.iter().position(|known| *known == text).unwrap_or(0) + 1);
        match &rows[..] {
            [(text, row)] => line(&format!("**{what}**"), &name(text), row),
            _ if what.ends_with(" a group") => line(&format!("**{what} of {GROUP}**"), "the same", &all),
            rows => {
                line(&format!("**{what}**"), "all", &all);
                rows.iter().for_each(|(text, row)| line("", &name(text), row));
            }
        }
    }
}

fn line(what: &str, statement: &str, row: &Row) {
    let mut line = format!("| {what} | {statement} | {} |", row.last().map_or(0, |cost| cost.runs));
    for cost in row {
        let sorted = if cost.sorts > 0 { " s" } else { "" };
        let scanned = if cost.scanned > 0 { " f" } else { "" };
        line += &format!(" {} | {}{sorted}{scanned} |", grouped(cost.rows), grouped(cost.steps));
    }
    println!("{line}");
}

/// Prints the statements with their plans.
fn statements(shop: &Connection, texts: &[&str]) -> Result<()> {
    println!();
    for (place, text) in texts.iter().enumerate() {
        // An insert has no plan: its rows go where their keys say.
        let plan = if text.starts_with("INSERT") || text.starts_with("PRAGMA") {
            Vec::new()
        } else {
            plan(shop, text)?
        };
        println!("- **S{}** `{text}`", place + 1);
        plan.iter().for_each(|step| println!("  - {step}"));
    }
    Ok(())
}

fn plan(shop: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut statement = shop.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let none = vec![rusqlite::types::Null; statement.parameter_count()];
    let steps = statement.query_map(rusqlite::params_from_iter(none), |row| row.get("detail"))?;
    Ok(steps.collect::<rusqlite::Result<_>>()?)
}
