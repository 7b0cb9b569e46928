//! A cache of the identifiers of users and products, each read once for a whole list. Joined to every line of a
//! million orders, they would cost more than the rest of the query.

use foldhash::HashMap;

use crate::row::{Rows, Statement, Value, list};

/// Identifiers by number.
pub(crate) struct IdCache {
    sql: &'static str,
    known: HashMap<i64, Value>,
}

impl IdCache {
    /// The most entries: about 10 MB of memory.
    const MAX_ENTRIES: usize = 131_072;

    pub(crate) fn for_users() -> Self {
        let sql = "SELECT user_no, user FROM users WHERE user_no IN (SELECT value FROM json_each(?1))";
        Self { sql, known: HashMap::default() }
    }

    pub(crate) fn for_products() -> Self {
        let sql =
            "SELECT product_no, product FROM products WHERE product_no IN (SELECT value FROM json_each(?1))";
        Self { sql, known: HashMap::default() }
    }

    /// The statement that reads the identifiers of the numbers in this column that are not in the cache.
    pub(crate) fn missing(&mut self, rows: &Rows, column: usize) -> Option<Statement> {
        if self.known.len() > Self::MAX_ENTRIES {
            self.known.clear();
        }
        let number = |row: &[Value]| row[column].optional_int();
        let numbers: Vec<i64> =
            rows.iter().filter_map(number).filter(|number| !self.known.contains_key(number)).collect();
        (!numbers.is_empty()).then(|| Statement::new(self.sql, [list(&numbers).into()]))
    }

    /// Inserts the rows that the statement returned.
    pub(crate) fn insert(&mut self, rows: &Rows) {
        self.known.extend(rows.iter().map(|row| (row[0].int(), row[1].clone())));
    }

    /// Replaces the numbers in this column by their identifiers, or by NULL where there is none.
    pub(crate) fn resolve(&self, rows: &mut Rows, column: usize) {
        for row in rows.values.chunks_exact_mut(rows.width.max(1)) {
            row[column] = self.known.get(&row[column].int()).cloned().unwrap_or(Value::Null);
        }
    }
}
