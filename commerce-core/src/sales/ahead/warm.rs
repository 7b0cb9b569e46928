//! A window that is cached: everything that changed since, in one request.

use super::foreseen::Foreseen;
use super::question::{FROM, Question, TO, lines_of_refunds, products};
use crate::error::Error;
use crate::number::OrderId;
use crate::order::until::{last_until_sql, last_until_statement};
use crate::row::table::LINES;
use crate::row::{Rows, Statement, Value};
use crate::sales::cache::Known;
use crate::sales::statements::{self, LINES_LIMIT};
use crate::sales::window::Orders;
use crate::time::Time;

pub(super) fn read(ahead: &mut Foreseen<'_>, question: &Question<'_>, known: &Known) -> Result<(), Error> {
    let (old, entry) = (known.span, known.newest_entry);
    let (until_begin, until_end) = (last_until_sql(FROM), last_until_sql(TO));
    let new_lines = (old.last + 1) * LINES;
    let asked = [
        statements::store(),
        statements::newest_entry(),
        question.over_begin(format!("SELECT {until_begin}"), []),
        question.over_end(format!("SELECT {until_end}")),
        statements::mark(old.last),
        question.over_end(format!(
            "SELECT (SELECT at FROM orders WHERE order_id = {until_end}), uuid FROM store"
        )),
        // No order is later than a window that ends now.
        statements::lines(new_lines, i64::MAX),
        question.over_begin(
            format!(
                "SELECT line, product_no, price, quantity FROM order_lines
                WHERE line >= ?4 AND line < ({until_begin} + 1) * {LINES} ORDER BY line LIMIT {LINES_LIMIT}"
            ),
            [(old.after + 1) * LINES],
        ),
        Statement::new(
            "SELECT order_id FROM cancellations WHERE order_id > ?1 AND entry > ?2 ORDER BY order_id",
            [old.after.into(), entry.into()],
        ),
        lines_of_refunds(old, entry),
        products(&known.candidates, [(new_lines, i64::MAX), (0, 0)]),
    ];
    let answers: Result<[Rows; 11], _> = ahead.read_last(&asked)?.try_into();
    let [store, newest_entry, begin, end, old_mark, new_mark, new, left, refunded, refunds, sold] =
        answers.map_err(|_| Error::Store("a statement has no answer".into()))?;
    let number = |rows: &Rows| rows.first().map_or(0, |row| row[0].int());
    let (from, to) = question.window(Time::from_millis(number(&store)));
    let span = Orders { after: number(&begin), last: number(&end) };
    ahead.newest_entry = number(&newest_entry);
    ahead.add(statements::store(), store);
    ahead.add(last_until_statement(from), begin);
    ahead.add(last_until_statement(to), end);
    ahead.add(statements::mark(old.last), old_mark);
    ahead.add(statements::mark(span.last), new_mark);
    ahead.add_lines(Orders { after: old.last, last: span.last }, &new, LINES_LIMIT);
    ahead.add_lines(Orders { after: old.after, last: span.after }, &left, LINES_LIMIT);
    ahead.add_single_orders(&refunds);
    ahead.add_products(&sold);
    let refunded = refunded.iter().map(|row| OrderId::stored(row[0].int()));
    let cancelled = known.cancelled.iter().copied().chain(refunded);
    let within = cancelled.filter(|order| (span.after + 1..=span.last).contains(&order.get()));
    let values: Vec<Value> = within.map(Value::from).collect();
    ahead.add(statements::cancelled(span), Rows { values, width: 1 });
    Ok(())
}
