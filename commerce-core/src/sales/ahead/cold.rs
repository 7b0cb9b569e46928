//! A window that is not cached: its bounds and the stored sums in one request, everything else in another.

use super::foreseen::Foreseen;
use super::question::{FROM, MAX_LINES, Question, TO, lines_of_refunds, products};
use crate::error::Error;
use crate::order::until::{last_until_sql, last_until_statement};
use crate::row::{Rows, Statement};
use crate::sales::count::{FEW, STEP, whole_periods};
use crate::sales::sold::Sales;
use crate::sales::statements::{self, read_sums};
use crate::sales::sums::{Period, unpack};
use crate::sales::window::{Orders, Window};
use crate::time::Time;

/// The most bytes of stored sums that are read ahead, of hours and of days.
const SUMS_BYTES: i64 = 3 << 20;

/// The most orders at the ends whose lines are read ahead.
const MAX_ORDERS: i64 = 8_192;

/// The most products for which the best are sought in the sums before everything is counted.
const MAX_PRODUCTS: i64 = 131_072;

pub(super) fn read(ahead: &mut Foreseen<'_>, question: &Question<'_>) -> Result<(), Error> {
    let (window, hours, days) = read_bounds(ahead, question)?;
    let orders = window.orders;
    let covered = if orders.last - orders.after < FEW {
        Some(Covered::nothing(orders))
    } else {
        add_sums(ahead, question, &window, [&hours, &days])?
    };
    // Sums that are missing are computed from lines, in many requests. This happens once.
    let Some(covered) = covered else { return Ok(()) };
    let Orders { after, last } = covered.orders;
    let ends = [Orders { after: orders.after, last: after }, Orders { after: last, last: orders.last }];
    if ends.iter().map(|end| end.last - end.after).sum::<i64>() > MAX_ORDERS {
        return Ok(());
    }
    read_rest(ahead, orders, ends, &covered)
}

/// The range of orders whose sales are in sums.
struct Covered {
    orders: Orders,
    /// The least of the newest ledger entries that the sums include.
    entry: i64,
    candidates: Vec<i64>,
}

impl Covered {
    /// No sums: the lines of all orders are counted.
    fn nothing(orders: Orders) -> Self {
        let orders = Orders { after: orders.last, last: orders.last };
        Self { orders, entry: 0, candidates: Vec::new() }
    }
}

fn read_bounds(ahead: &mut Foreseen<'_>, question: &Question<'_>) -> Result<(Window, Rows, Rows), Error> {
    let until_begin = last_until_sql(FROM);
    let asked = [
        statements::store(),
        statements::newest_entry(),
        question.over_begin(format!("SELECT {until_begin}"), []),
        question.over_end(format!("SELECT {}", last_until_sql(TO))),
        question.over_begin(format!("SELECT at FROM orders WHERE order_id = {until_begin} + 1"), []),
        sums(question, Period::Hour),
        sums(question, Period::Day),
    ];
    let answers: Result<[Rows; 7], _> = ahead.read(&asked)?.try_into();
    let [store, newest_entry, begin, end, first, hours, days] =
        answers.map_err(|_| Error::Store("a statement has no answer".into()))?;
    let number = |rows: &Rows| rows.first().map_or(0, |row| row[0].int());
    let newest = Time::from_millis(number(&store));
    let products = store.first().map_or(0, |row| row[1].int());
    let (from, to) = question.window(newest);
    let orders = Orders { after: number(&begin), last: number(&end) };
    ahead.newest_entry = number(&newest_entry);
    ahead.add(statements::store(), store);
    ahead.add(statements::newest_entry(), newest_entry);
    ahead.add(last_until_statement(from), begin);
    ahead.add(last_until_statement(to), end);
    ahead.add(statements::time_of(orders.after + 1), first);
    Ok((Window { from, to, orders, newest, products }, hours, days))
}

/// The sums of the complete hours or days of the window, as `whole_periods` finds them.
fn sums(question: &Question<'_>, period: Period) -> Statement {
    let hour = Period::Hour.millis();
    let until_begin = last_until_sql(FROM);
    let (table, number, within) = match period {
        Period::Hour => (
            "sales_by_hour",
            "hour",
            "hour >= low AND hour < high AND (hour < (low + 23) / 24 * 24 OR hour >= high / 24 * 24)",
        ),
        Period::Day => ("sales_by_day", "day", "day >= (low + 23) / 24 AND day < high / 24"),
    };
    let sql = format!(
        "WITH span (low, high) AS MATERIALIZED (
            SELECT max(({FROM} + {hour}) / {hour},
                coalesce((SELECT at FROM orders WHERE order_id = {until_begin} + 1), 0) / {hour}),
            min({TO} + 1, last_at) / {hour} FROM store)
        SELECT {number}, after_order, last_order, entry, sales FROM (
            SELECT {number}, sum(octet_length(sales)) OVER (ORDER BY {number} ROWS UNBOUNDED PRECEDING) AS size
            FROM span CROSS JOIN {table} WHERE {within}) CROSS JOIN {table} USING ({number})
        WHERE size <= {SUMS_BYTES} ORDER BY {number}"
    );
    question.over_begin(sql, [])
}

/// Adds the sums of the window, and returns the range that they cover. `None` if some are missing.
fn add_sums(
    ahead: &mut Foreseen<'_>,
    question: &Question<'_>,
    window: &Window,
    [hours, days]: [&Rows; 2],
) -> Result<Option<Covered>, Error> {
    let mut sales = (window.products <= MAX_PRODUCTS).then(|| Sales::of(window.products, None));
    let mut covered = None;
    for (period, first, end) in whole_periods(ahead, window)? {
        let rows = if period == Period::Hour { hours } else { days };
        for from in (first..end).step_by(STEP as usize) {
            let numbers = from..(from + STEP).min(end);
            let wanted: Vec<_> = rows.iter().filter(|row| numbers.contains(&row[0].int())).collect();
            if wanted.len() as i64 != numbers.end - numbers.start {
                return Ok(None);
            }
            let part = Rows { values: wanted.concat(), width: rows.width };
            for sum in read_sums(period, &part) {
                let (after, entry) = covered
                    .map_or((sum.after, sum.entry), |(orders, entry): (Orders, i64)| {
                        (orders.after, entry.min(sum.entry))
                    });
                covered = Some((Orders { after, last: sum.last }, entry));
                if let Some(sales) = &mut sales {
                    unpack(&sum.sales, |product, units, revenue| sales.add(product, units, revenue))?;
                }
            }
            ahead.add(statements::sums(period, numbers, STEP), part);
        }
    }
    let candidates = sales.map_or_else(Vec::new, |sales| (question.candidates)(&sales));
    let nothing = Covered::nothing(window.orders);
    Ok(Some(covered.map_or(nothing, |(orders, entry)| Covered { orders, entry, candidates })))
}

/// Reads what the bounds and the sums leave.
fn read_rest(
    ahead: &mut Foreseen<'_>,
    orders: Orders,
    ends: [Orders; 2],
    covered: &Covered,
) -> Result<(), Error> {
    let ranges = ends.map(statements::line_range);
    let lines = |(first, end)| statements::lines_up_to(first, end, MAX_LINES);
    let asked = [
        statements::refunded(orders),
        statements::mark(orders.last),
        lines(ranges[0]),
        lines(ranges[1]),
        lines_of_refunds(covered.orders, covered.entry),
        products(&covered.candidates, ranges),
    ];
    let answers: Result<[Rows; 6], _> = ahead.read_last(&asked)?.try_into();
    let [refunded, mark, first, last, refunds, sold] =
        answers.map_err(|_| Error::Store("a statement has no answer".into()))?;
    let cancelled = refunded.iter().map(|row| row[0].clone()).collect();
    ahead.add(statements::cancelled(orders), Rows { values: cancelled, width: 1 });
    ahead.add(statements::refunded(orders), refunded);
    ahead.add(statements::mark(orders.last), mark);
    ahead.add_lines(ends[0], &first, MAX_LINES);
    ahead.add_lines(ends[1], &last, MAX_LINES);
    ahead.add_single_orders(&refunds);
    ahead.add_products(&sold);
    Ok(())
}
