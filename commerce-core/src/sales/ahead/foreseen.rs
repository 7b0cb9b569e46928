//! A snapshot whose rows were read ahead.

use std::collections::HashMap;

use crate::error::Error;
use crate::number::OrderId;
use crate::row::table::LINES;
use crate::row::{Rows, Statement, Value};
use crate::sales::statements::{self, LINES_LIMIT, PRODUCTS};
use crate::sales::window::Orders;
use crate::store::Snapshot;

/// A snapshot, with the rows of statements that will probably be asked.
pub(super) struct Foreseen<'a> {
    snapshot: &'a mut dyn Snapshot,
    rows: Vec<(Statement, Rows)>,
    /// Rows of products by their numbers.
    products: HashMap<i64, Vec<Value>>,
    /// The newest ledger entry of the snapshot.
    pub(super) newest_entry: i64,
    /// Whether the last request that was foreseen ends the snapshot.
    is_last: bool,
    /// Whether the snapshot has ended.
    ended: bool,
    /// Whether a statement without rows was asked after the end.
    pub(super) missed: bool,
}

impl Snapshot for Foreseen<'_> {
    fn is_remote(&self) -> bool {
        true
    }

    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        match self.find(statement) {
            Some(rows) => Ok(rows),
            None if self.ended => Err(self.miss()),
            None => self.snapshot.rows(statement),
        }
    }

    fn final_rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        match self.find(statement) {
            Some(rows) => Ok(rows),
            None if self.ended => Err(self.miss()),
            None => self.snapshot.final_rows(statement),
        }
    }
}

impl<'a> Foreseen<'a> {
    pub(super) fn new(snapshot: &'a mut dyn Snapshot, is_last: bool) -> Self {
        let (rows, products) = (Vec::new(), HashMap::new());
        Self { snapshot, rows, products, newest_entry: 0, is_last, ended: false, missed: false }
    }

    fn find(&self, statement: &Statement) -> Option<Rows> {
        if statement.sql == PRODUCTS {
            let numbers: Vec<i64> = serde_json::from_str(&statement.values.first()?.text()).ok()?;
            let rows = numbers.iter().map(|number| self.products.get(number).cloned());
            let values = rows.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
            return Some(Rows { values, width: 5 });
        }
        self.rows.iter().find(|(known, _)| known == statement).map(|(_, rows)| rows.clone())
    }

    fn miss(&mut self) -> Error {
        self.missed = true;
        Error::Busy("more is to be read than was foreseen".into())
    }

    /// Reads statements that others will follow.
    pub(super) fn read(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        self.snapshot.batch(statements)
    }

    /// Reads the last statements that were foreseen.
    pub(super) fn read_last(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        if self.is_last {
            self.ended = true;
            self.snapshot.final_batch(statements)
        } else {
            self.snapshot.batch(statements)
        }
    }

    pub(super) fn add(&mut self, statement: Statement, rows: Rows) {
        self.rows.push((statement, rows));
    }

    /// Adds the first lines of orders, as many as were read; all, if fewer than `limit`.
    pub(super) fn add_lines(&mut self, orders: Orders, rows: &Rows, limit: i64) {
        let (mut first, end) = statements::line_range(orders);
        let step = LINES_LIMIT as usize;
        for part in rows.values.chunks(step * rows.width.max(1)) {
            let part = Rows { values: part.to_vec(), width: rows.width };
            let next = part.iter().last().map_or(end, |row| row[0].int() + 1);
            self.add(statements::lines(first, end), part);
            first = next;
        }
        if rows.len() < limit as usize && rows.len().is_multiple_of(step) && first < end {
            self.add(statements::lines(first, end), Rows { values: Vec::new(), width: rows.width });
        }
    }

    /// Adds the lines of single orders; the last order may lack some, if as many lines as the limit were read.
    pub(super) fn add_single_orders(&mut self, rows: &Rows) {
        let order = |row: &[Value]| row[0].int() / LINES;
        let lines: Vec<&[Value]> = rows.iter().collect();
        let cut = (rows.len() == LINES_LIMIT as usize).then(|| lines.last().map(|row| order(row))).flatten();
        for group in lines.chunk_by(|a, b| order(a) == order(b)) {
            let Some(number) = group.first().map(|row| order(row)).filter(|number| Some(*number) != cut)
            else {
                continue;
            };
            let (first, end) = statements::line_range(Orders::one(OrderId::stored(number)));
            self.add(statements::lines(first, end), Rows { values: group.concat(), width: rows.width });
        }
    }

    pub(super) fn add_products(&mut self, rows: &Rows) {
        self.products.extend(rows.iter().map(|row| (row[0].int(), row.to_vec())));
    }
}
