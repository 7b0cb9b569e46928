//! Checks that required rows exist and that values are within their limits.

use super::auditor::{Auditor, SPAN, display};
use crate::error::Error;
use crate::money::{LIMIT, Quantity};
use crate::row::{Statement, Value};

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    check_users(auditor)?;
    check_products(auditor)?;
    check_cart_lines(auditor)
}

fn check_users(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    let sql = "SELECT u.user_no, u.user, w.user_no
        FROM (SELECT user_no, user FROM users WHERE user_no > ?1 ORDER BY user_no LIMIT ?2) u
        LEFT JOIN wallets w USING (user_no) ORDER BY u.user_no";
    each(auditor, sql, vec![Value::from(0)], "users", |auditor, row| {
        if row[2] == Value::Null {
            auditor.audit.add_difference("wallet", display(&row[1]), "none", "there");
        }
        vec![row[0].clone()]
    })
}

fn check_products(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    let sql = "SELECT p.product_no, p.product, p.price, s.product_no
        FROM (SELECT product_no, product, price FROM products WHERE product_no > ?1 ORDER BY product_no LIMIT ?2) p
        LEFT JOIN stocks s USING (product_no) ORDER BY p.product_no";
    each(auditor, sql, vec![Value::from(0)], "products", |auditor, row| {
        if row[3] == Value::Null {
            auditor.audit.add_difference("stock's row", display(&row[1]), "none", "there");
        }
        if !(0..=LIMIT).contains(&row[2].int()) {
            auditor.audit.add_difference("price", display(&row[1]), row[2].int(), format!("0 to {LIMIT}"));
        }
        vec![row[0].clone()]
    })
}

fn check_cart_lines(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    let sql = "SELECT c.user_no, c.product_no, c.quantity, u.user
        FROM (SELECT user_no, product_no, quantity FROM cart_lines WHERE (user_no, product_no) > (?1, ?2)
              ORDER BY user_no, product_no LIMIT ?3) c
        LEFT JOIN users u USING (user_no) ORDER BY c.user_no, c.product_no";
    each(auditor, sql, vec![Value::from(0), Value::from(0)], "lines of carts", |auditor, row| {
        if !(1..=Quantity::MAX).contains(&row[2].int()) {
            auditor.audit.add_difference(
                "quantity in a cart",
                display(&row[3]),
                row[2].int(),
                format!("1 to {}", Quantity::MAX),
            );
        }
        vec![row[0].clone(), row[1].clone()]
    })
}

/// Checks each row of a table, in spans. `check_row` returns the key of its row, after which the next span begins.
fn each(
    auditor: &mut Auditor<'_>,
    sql: &'static str,
    mut after: Vec<Value>,
    what: &'static str,
    check_row: impl Fn(&mut Auditor<'_>, &[Value]) -> Vec<Value>,
) -> Result<(), Error> {
    loop {
        let values: Vec<Value> = after.iter().cloned().chain([SPAN.into()]).collect();
        let rows = auditor.view()?.final_rows(&Statement::new(sql, values))?;
        for row in rows.iter() {
            after = check_row(auditor, row);
        }
        auditor.audit.count_checked(what, rows.len() as u64);
        if rows.len() < SPAN as usize {
            return Ok(());
        }
    }
}
