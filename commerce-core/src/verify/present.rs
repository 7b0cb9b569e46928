//! Compares the present figures, all from one snapshot, with the sums of the histories.

use std::collections::HashMap;

use super::auditor::{SPAN, display};
use super::history::{History, Numbers};
use super::report::{Audit, MAX_DIFFERENCES};
use crate::error::Error;
use crate::query::View;
use crate::row::Statement;
use crate::row::list;
use crate::row::table::LINES;

/// Differences of users or products by number, until their names are read: the first ones, and the number of the
/// others.
#[derive(Default)]
struct Differences {
    listed: Vec<(i64, &'static str, String, String)>,
    more: u64,
}

impl Differences {
    fn add(&mut self, no: i64, what: &'static str, stored: impl ToString, computed: impl ToString) {
        if self.listed.len() < MAX_DIFFERENCES {
            self.listed.push((no, what, stored.to_string(), computed.to_string()));
        } else {
            self.more += 1;
        }
    }
}

/// Compares the sums of the histories, up to the last numbers, with the stored figures.
pub(super) fn check(
    view: &mut View<'_>,
    mut history: History,
    last: &Numbers,
    audit: &mut Audit,
) -> Result<(), Error> {
    check_wallets(view, &mut history, audit)?;
    check_stocks(view, &mut history, audit)?;
    for order in history.paid + 1..=last.order {
        audit.add_difference("payment of order", order, "none", "one");
    }
    check_range(view, last, audit)?;
    check_numbers(view, audit)
}

fn check_wallets(view: &mut View<'_>, history: &mut History, audit: &mut Audit) -> Result<(), Error> {
    let sql = "SELECT user_no, balance, last_entry, last_order FROM wallets WHERE user_no > ?1
        ORDER BY user_no LIMIT ?2";
    let mut differences = Differences::default();
    let mut after = 0;
    loop {
        let rows = view.rows(&Statement::new(sql, [after.into(), SPAN.into()]))?;
        for row in rows.iter() {
            let computed = history.wallets.remove(&row[0].int()).unwrap_or_default();
            for (what, stored, computed) in [
                ("balance", row[1].int(), computed.balance),
                ("newest ledger entry", row[2].int(), computed.last_entry),
                ("newest order", row[3].int(), computed.last_order),
            ] {
                if stored != computed {
                    differences.add(row[0].int(), what, stored, computed);
                }
            }
        }
        audit.count_checked("balances", rows.len() as u64);
        let Some(last) = rows.iter().last() else { break };
        after = last[0].int();
    }
    for (&no, wallet) in &history.wallets {
        differences.add(no, "balance", "none", wallet.balance);
    }
    report(view, "SELECT user_no, user FROM users", "user_no", differences, audit)
}

fn check_stocks(view: &mut View<'_>, history: &mut History, audit: &mut Audit) -> Result<(), Error> {
    let sql = "SELECT product_no, stock FROM stocks WHERE product_no > ?1 ORDER BY product_no LIMIT ?2";
    let mut differences = Differences::default();
    let mut after = 0;
    loop {
        let rows = view.rows(&Statement::new(sql, [after.into(), SPAN.into()]))?;
        for row in rows.iter() {
            let (stored, computed) = (row[1].int(), history.stocks.remove(&row[0].int()).unwrap_or_default());
            if stored != computed {
                differences.add(row[0].int(), "stock", stored, computed);
            }
        }
        audit.count_checked("stocks", rows.len() as u64);
        let Some(last) = rows.iter().last() else { break };
        after = last[0].int();
    }
    for (&no, stock) in &history.stocks {
        differences.add(no, "stock", "none", stock);
    }
    report(view, "SELECT product_no, product FROM products", "product_no", differences, audit)
}

/// Reports differences by name.
fn report(
    view: &mut View<'_>,
    names: &str,
    key: &str,
    differences: Differences,
    audit: &mut Audit,
) -> Result<(), Error> {
    let listed: Vec<i64> = differences.listed.iter().map(|(no, ..)| *no).collect();
    let sql = format!("{names} WHERE {key} IN (SELECT value FROM json_each(?1))");
    let names = view.rows(&Statement::new(sql, [list(&listed).into()]))?;
    let names: HashMap<i64, String> = names.iter().map(|row| (row[0].int(), display(&row[1]))).collect();
    for (no, what, stored, computed) in differences.listed {
        match names.get(&no) {
            Some(name) => audit.add_difference(what, name, stored, computed),
            None => audit.add_difference(what, format!("number {no}, which is nobody's"), stored, computed),
        }
    }
    audit.found += differences.more;
    Ok(())
}

/// Reports rows before the first or after the last number, which belong to no history.
fn check_range(view: &mut View<'_>, last: &Numbers, audit: &mut Audit) -> Result<(), Error> {
    let sql = "SELECT line FROM (SELECT max(line) AS line FROM order_lines WHERE line < ?1
        UNION ALL SELECT min(line) FROM order_lines WHERE line >= ?2) WHERE line IS NOT NULL";
    let rows = view.rows(&Statement::new(sql, [LINES.into(), ((last.order + 1) * LINES).into()]))?;
    for row in rows.iter() {
        audit.add_difference("order of lines", row[0].int() / LINES, row[0].int() / LINES, "none");
    }
    Ok(())
}

fn check_numbers(view: &mut View<'_>, audit: &mut Audit) -> Result<(), Error> {
    let sql = "SELECT 'orders', last_order, (SELECT coalesce(max(order_id), 0) FROM orders) FROM store
        UNION ALL SELECT 'ledger', last_entry, (SELECT coalesce(max(entry), 0) FROM ledger) FROM store
        UNION ALL SELECT 'movements', last_movement, (SELECT coalesce(max(movement), 0) FROM movements) FROM store
        UNION ALL SELECT 'products', last_product, (SELECT coalesce(max(product_no), 0) FROM products) FROM store
        UNION ALL SELECT 'actors', last_actor, (SELECT coalesce(max(actor_no), 0) FROM actors) FROM store
        UNION ALL SELECT 'users', last_user, (SELECT coalesce(max(user_no), 0) FROM users) FROM store";
    for row in view.rows(&Statement::new(sql, []))?.iter() {
        audit.compare("newest number", display(&row[0]), row[1].int(), row[2].int());
    }
    Ok(())
}
