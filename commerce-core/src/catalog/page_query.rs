//! The statement that reads a page of the catalogue.
//!
//! For all products, or all on sale, it scans the index of the sort order: most products are on sale, so a page fills at
//! once. For products with a search text, or off sale, it has three plans. It counts the candidates of the index of grams,
//! up to a bound, and takes the plan that reads least:
//!
//! - *all*: with few candidates, it reads all of them, and sorts those that match.
//! - *near*: it scans a short range of the sort order, which fills a page if many candidates are spread evenly. If nearly
//!   every product is a candidate, it reads every row; otherwise only the rows of candidates.
//! - *far*: if the range did not fill the page, the candidates lie further on. It reads all of them, or, if there are too
//!   many, continues the scan by their numbers.
//!
//! One statement does all of that, since each round trip to a server takes time, and in one snapshot, so that no page skips
//! or repeats a row.

use serde_json::Value as Json;

use super::Sort;
use crate::row::{Statement, Value};
use crate::search::{self, Needle};

/// The bounds by which a plan is chosen.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// The maximum number of candidates for the plan *all*.
    few: i64,
    /// The maximum number of candidates that are read in full after the near range did not fill the page.
    many: i64,
    /// The length of the near range, in numbers of products and in rows.
    numbers: i64,
    rows: i64,
}

/// Measured with 1,000,000 products (`benches/README.md`): the points where one plan becomes slower than the next.
const BOUNDS: Bounds = Bounds { few: 2_000, many: 16_000, numbers: 16_000, rows: 2_000 };

/// The position where a page begins.
#[derive(Clone, Debug)]
enum Position {
    /// A condition that an index can answer.
    Ascending(String),
    /// The price descends and the identifier ascends.
    Mixed { key: String, id: String },
}

impl Position {
    fn condition(&self) -> String {
        match self {
            Self::Ascending(condition) => condition.clone(),
            Self::Mixed { key, id } => {
                format!("p.price <= {key} AND (p.price < {key} OR p.product > {id})")
            }
        }
    }
}

const COLUMNS: &str = "p.product, p.name, p.price, s.stock, p.active";

/// A page of the catalogue: its filters, its sort order and its position.
pub(super) struct PageQuery {
    sort: Sort,
    /// The position where the page begins.
    position: Option<Position>,
    active: Option<bool>,
    bounds: Bounds,
    /// The values of the statement. The first is the number of rows to read.
    values: Vec<Value>,
}

impl PageQuery {
    pub(super) fn new(
        sort: Sort,
        active: Option<bool>,
        position: Option<(Json, String)>,
        limit: i64,
    ) -> Self {
        let mut query = Self { sort, position: None, active, bounds: BOUNDS, values: vec![limit.into()] };
        if let Some((key, id)) = position {
            let key = key.as_i64().map_or_else(|| key.as_str().unwrap_or_default().into(), Value::from);
            let (key, id) = (query.bind(key), query.bind(id.into()));
            let column = query.column();
            query.position = Some(match sort {
                Sort::PriceDown => Position::Mixed { key, id },
                Sort::Id => Position::Ascending(format!("p.product > {id}")),
                Sort::Name | Sort::Price | Sort::Stock => {
                    Position::Ascending(format!("({column}, p.product) > ({key}, {id})"))
                }
            });
        }
        query
    }

    /// The statement that reads the page.
    pub(super) fn statement(mut self, needle: Option<&Needle>) -> Statement {
        let sql = match needle {
            None if self.active != Some(false) => self.all(),
            _ => self.filtered(needle),
        };
        Statement::new(sql, self.values)
    }

    /// With the highest price first, the products with the price of the position come before cheaper ones. Each of the two is
    /// a range of the index.
    fn all(&mut self) -> String {
        let Some(Position::Mixed { key, id }) = self.position.clone() else {
            return self.scan("products p", &[], "?1");
        };
        let part = |condition: String| {
            let filter = where_all([Some(condition.as_str()), self.on_sale()]);
            let select = format!("SELECT {COLUMNS} FROM products p JOIN stocks s USING (product_no)");
            format!("SELECT * FROM ({select} {filter} {} LIMIT ?1)", self.order())
        };
        let (same, cheaper) = (format!("p.price = {key} AND p.product > {id}"), format!("p.price < {key}"));
        format!("{} UNION ALL {} LIMIT ?1", part(same), part(cheaper))
    }

    fn filtered(&mut self, needle: Option<&Needle>) -> String {
        let Bounds { few, many, numbers, rows } = self.bounds;
        let query = self.bind(search::candidates(needle, self.active).into());
        let candidates =
            format!("SELECT rowid AS product_no FROM product_grams WHERE product_grams MATCH {query}");
        let contains = needle.map_or("true".into(), |needle| {
            format!("instr(p.search, {}) > 0", self.bind(needle.text().into()))
        });
        let among = |product: &str| format!("+{product}.product_no IN ({candidates})");
        let from_all = format!("({candidates}) c CROSS JOIN products p USING (product_no)");
        // No index has the order of stocks.
        if self.sort == Sort::Stock {
            return self.scan(&from_all, &[&contains], "?1");
        }
        let length = format!("CASE WHEN n > {many} THEN {rows} WHEN n > {few} THEN {numbers} ELSE 0 END");
        let range = format!(
            "SELECT p.product_no FROM products p {} {} LIMIT (SELECT {length} FROM counted)",
            where_all([self.after().as_deref()]),
            self.order()
        );
        let is_candidate = format!("((SELECT n FROM counted) > {many} OR {})", among("o"));
        let near = format!(
            "SELECT {COLUMNS} FROM ({range}) o CROSS JOIN products p USING (product_no)
            JOIN stocks s USING (product_no) {} LIMIT ?1",
            where_all([Some(is_candidate.as_str()), Some(&contains), self.on_sale()])
        );
        let filled = "(SELECT count(*) FROM near) = ?1";
        let limit = |when: &str| format!("(SELECT CASE WHEN {when} THEN ?1 ELSE 0 END FROM counted)");
        let read = self.scan(
            &from_all,
            &[&contains],
            &limit(&format!("n <= {few} OR (n <= {many} AND NOT {filled})")),
        );
        let far = self.scan(
            "products p",
            &[&among("p"), &contains],
            &limit(&format!("n > {many} AND NOT {filled}")),
        );
        format!(
            "WITH counted (n) AS MATERIALIZED (SELECT count(*) FROM ({candidates} LIMIT {many} + 1)),
            near AS MATERIALIZED ({near})
            SELECT * FROM ({read})
            UNION ALL SELECT * FROM near WHERE {filled}
            UNION ALL SELECT * FROM ({far})"
        )
    }

    /// The first products of the sort order that match.
    fn scan(&self, from: &str, conditions: &[&str], limit: &str) -> String {
        let conditions = conditions.iter().copied().map(Some);
        let after = self.after();
        let filter = where_all(conditions.chain([after.as_deref(), self.on_sale()]));
        let order = self.order();
        format!(
            "SELECT {COLUMNS} FROM {from} JOIN stocks s USING (product_no) {filter} {order} LIMIT {limit}"
        )
    }

    fn after(&self) -> Option<String> {
        self.position.as_ref().map(Position::condition)
    }

    fn order(&self) -> String {
        let direction = if self.sort == Sort::PriceDown { " DESC" } else { "" };
        format!("ORDER BY {}{direction}, p.product", self.column())
    }

    fn column(&self) -> &'static str {
        match self.sort {
            Sort::Id => "p.product",
            Sort::Name => "p.name",
            Sort::Price | Sort::PriceDown => "p.price",
            Sort::Stock => "s.stock",
        }
    }

    fn on_sale(&self) -> Option<&'static str> {
        self.active.map(|active| if active { "p.active = 1" } else { "p.active = 0" })
    }

    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }
}

/// The `WHERE` clause of these conditions, all of which must hold; empty without any.
fn where_all<'a>(conditions: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let conditions: Vec<&str> = conditions.into_iter().flatten().collect();
    if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::{Connection, params, params_from_iter};

    use super::*;
    use crate::search::{fold, grams, searchable};
    use crate::store::schema::MIGRATIONS;

    /// The name, price and stock of a product, and whether it is on sale. Its index makes its identifier.
    type Sold = (String, i64, i64, bool);

    fn id(place: usize) -> String {
        format!("p{}", (place * 7919) % 1_000)
    }

    fn store(products: &[Sold]) -> Connection {
        let store = Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().for_each(|migration| store.execute_batch(migration).unwrap());
        for (place, (name, price, stock, active)) in products.iter().enumerate() {
            let (no, id) = (place as i64 + 1, id(place));
            let text = searchable(&id, name);
            let insert = "INSERT INTO products VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            store.execute(insert, params![no, id, name, text, price, active]).unwrap();
            store.execute("INSERT INTO stocks VALUES (?1, ?2)", [no, *stock]).unwrap();
            let insert = "INSERT INTO product_grams (rowid, grams) VALUES (?1, ?2)";
            store.execute(insert, params![no, grams(&text, *active)]).unwrap();
        }
        store
    }

    /// The sort key of a product, and its position in a cursor.
    fn key(sort: Sort, place: usize, (name, price, stock, _): &Sold) -> (i64, String, Json) {
        match sort {
            Sort::Id => (0, String::new(), id(place).into()),
            Sort::Name => (0, name.clone(), name.as_str().into()),
            Sort::Price => (*price, String::new(), (*price).into()),
            Sort::PriceDown => (-price, String::new(), (*price).into()),
            Sort::Stock => (*stock, String::new(), (*stock).into()),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
        #[test]
        fn every_way_finds_the_same(
            products in proptest::collection::vec(("[가나각 aA1]{1,6}", 0..4_i64, 0..4_i64, any::<bool>()), 0..40),
            search in "[가나각 aA1p]{0,5}",
            active in any::<Option<bool>>(),
            bounds in (0..12_i64, 0..24_i64, 0..24_i64, 0..12_i64),
            limit in 1..6_u16,
        ) {
            let store = store(&products);
            let needle = Needle::new(Some(&search));
            for sort in [Sort::Id, Sort::Name, Sort::Price, Sort::PriceDown, Sort::Stock] {
                let has = |(place, (name, _, _, on)): &(usize, &Sold)| {
                    let text = fold(&search);
                    (fold(name).contains(&text) || id(*place).contains(&text)) && active.is_none_or(|active| active == *on)
                };
                let mut expected: Vec<_> = products.iter().enumerate().filter(has).collect();
                expected.sort_by_key(|(place, sold)| {
                    let (number, text, _) = key(sort, *place, sold);
                    (number, text, id(*place))
                });
                let expected: Vec<String> = expected.into_iter().map(|(place, _)| id(place)).collect();
                let (mut found, mut place): (Vec<String>, _) = (Vec::new(), None);
                loop {
                    let mut query = PageQuery::new(sort, active, place, i64::from(limit) + 1);
                    let (few, many) = (bounds.0, bounds.0 + bounds.1);
                    query.bounds = Bounds { few, many, numbers: bounds.2, rows: bounds.3 };
                    let Statement { sql, values } = query.statement(needle.as_ref());
                    let mut page = store.prepare(&sql).unwrap();
                    let page = page.query_map(params_from_iter(&values), |row| row.get(0)).unwrap();
                    let mut page: Vec<String> = page.map(Result::unwrap).collect();
                    let more = page.len() > limit.into();
                    page.truncate(limit.into());
                    found.extend(page);
                    if !more {
                        break;
                    }
                    let last = found.last().unwrap().clone();
                    let at = (0..products.len()).find(|at| id(*at) == last).unwrap();
                    place = Some((key(sort, at, &products[at]).2, last));
                }
                prop_assert_eq!(&found, &expected, "{:?} {:?}", sort, search);
            }
        }
    }
}
