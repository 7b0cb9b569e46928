//! Compares the cached best sellers with sums over the lines of their orders.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::auditor::{Auditor, SPAN, display};
use crate::error::Error;
use crate::order::until::last_until;
use crate::query::{Query, View};
use crate::row::list;
use crate::row::table::LINES;
use crate::row::{Rows, Statement, Value};
use crate::sales::Top;
use crate::store::Snapshot;

/// The most sellers to compare.
const LIMIT: u16 = 100;

/// A product's number, units and revenue.
type Sold = (i64, i64, i128);

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    let view = auditor.view()?;
    let mut view = View { snapshot: Box::new(Kept(view.snapshot)), ..view };
    let answered = match (Top { limit: LIMIT, ..Top::default() }).answer(&mut view) {
        // An unreadable row is a difference too. The other checks show which one.
        Err(Error::Store(reason)) => {
            auditor.audit.add_difference("sales figures", "store", reason, "readable");
            return Ok(());
        }
        answered => answered?,
    };
    let after = last_until(view.snapshot.as_mut(), answered.window.from)?;
    let last = last_until(view.snapshot.as_mut(), answered.window.to)?;
    // Cancellations after the answer are recognized by the later ledger entries of their refunds.
    let sql = "SELECT order_id FROM cancellations WHERE order_id > ?1 AND order_id <= ?2
        AND entry <= (SELECT last_entry FROM store)";
    let cancelled = view.rows(&Statement::new(sql, [after.into(), last.into()]))?;
    let cancelled: HashSet<i64> = cancelled.iter().map(|row| row[0].int()).collect();
    drop(view);

    let best = best(auditor, after, last, &cancelled)?;
    let numbers: Vec<i64> = best.iter().map(|&(no, ..)| no).collect();
    let sql =
        "SELECT product_no, product FROM products WHERE product_no IN (SELECT value FROM json_each(?1))";
    let names = auditor.view()?.final_rows(&Statement::new(sql, [list(&numbers).into()]))?;
    let names: HashMap<i64, String> = names.iter().map(|row| (row[0].int(), display(&row[1]))).collect();
    let mut computed: Vec<(&str, i64, i128)> = best
        .iter()
        .map(|(no, units, revenue)| (names.get(no).map_or("nobody's", String::as_str), *units, *revenue))
        .collect();
    computed.sort_by(|a, b| (b.1, b.2, a.0).cmp(&(a.1, a.2, b.0)));
    computed.truncate(LIMIT.into());
    let seller = |product: &str, units: i64, revenue: i128| format!("{product} {units} units {revenue}");
    let computed: Vec<_> =
        computed.into_iter().map(|(id, units, revenue)| seller(id, units, revenue)).collect();
    let stored = answered.items.iter().map(|s| seller(s.product.as_str(), s.units, s.revenue.get().into()));
    let stored: Vec<_> = stored.collect();
    for place in 0..stored.len().max(computed.len()) {
        let at = |sellers: &[String]| sellers.get(place).map_or("none".into(), String::clone);
        auditor.audit.compare("sales figure", format!("rank {}", place + 1), at(&stored), at(&computed));
    }
    auditor.audit.count_checked("best sellers", stored.len() as u64);
    Ok(())
}

/// A snapshot that stays open when an answer has read its last rows, so that the answer is compared with what it was read
/// from.
struct Kept<'a>(Box<dyn Snapshot + 'a>);

impl Snapshot for Kept<'_> {
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.0.rows(statement)
    }

    fn each(
        &mut self,
        statement: &Statement,
        visit: &mut dyn FnMut(&[Value]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.0.each(statement, visit)
    }
}

/// The best sellers of these orders, and those that tie with the last of them.
fn best(
    auditor: &mut Auditor<'_>,
    after: i64,
    last: i64,
    cancelled: &HashSet<i64>,
) -> Result<Vec<Sold>, Error> {
    let sql = "SELECT line, product_no, price, quantity FROM order_lines WHERE line >= ?1 AND line < ?2
        ORDER BY line LIMIT ?3";
    let mut sold: HashMap<i64, (i64, i128)> = HashMap::new();
    let (mut from, end) = ((after + 1) * LINES, Value::from((last + 1) * LINES));
    loop {
        let rows =
            auditor.view()?.final_rows(&Statement::new(sql, [from.into(), end.clone(), SPAN.into()]))?;
        for row in rows.iter().filter(|row| !cancelled.contains(&(row[0].int() / LINES))) {
            let (units, revenue) = sold.entry(row[1].int()).or_default();
            *units += row[3].int();
            *revenue += i128::from(row[2].int()) * i128::from(row[3].int());
        }
        let Some(line) = rows.iter().last() else { break };
        from = line[0].int() + 1;
    }
    let mut all: Vec<Sold> = sold.into_iter().map(|(no, (units, revenue))| (no, units, revenue)).collect();
    all.sort_unstable_by_key(|&(_, units, revenue)| std::cmp::Reverse((units, revenue)));
    if let Some(&(_, units, revenue)) = all.get(usize::from(LIMIT) - 1) {
        all.retain(|&(_, u, r)| (u, r) >= (units, revenue));
    }
    Ok(all)
}
