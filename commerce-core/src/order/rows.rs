//! Orders from the rows that hold them: the statements that read orders, and their rows as orders.

use std::sync::Arc;

use super::{Item, Order, Status};
use crate::error::Error;
use crate::id::{Actor, Name, ProductId, UserId};
use crate::money::{Amount, Quantity};
use crate::number::OrderId;
use crate::row::table::LINES;
use crate::row::{Rows, Statement, Value, list};
use crate::time::Time;

/// The statement that reads these orders, sorted by number, in the form that [`orders`] takes.
pub(crate) fn orders_of(orders: &[OrderId]) -> Statement {
    let sql = format!(
        "SELECT {ORDER_COLUMNS} FROM json_each(?1) wanted CROSS JOIN orders o ON o.order_id = wanted.value
        {ORDER_JOINS} ORDER BY o.order_id, l.line"
    );
    Statement::new(sql, [list(orders).into()])
}

/// The statement that reads the orders that a table `page` of numbers names, newest first, in the form that [`orders`]
/// takes. (The table comes first in a join, since SQLite would compute a list behind `IN` to its end, despite its limit.)
pub(crate) fn orders_of_page() -> String {
    format!(
        "SELECT {ORDER_COLUMNS} FROM page CROSS JOIN orders o ON o.order_id = page.order_id {ORDER_JOINS}
        ORDER BY o.order_id DESC, l.line"
    )
}

/// The same, but with the numbers of users and products, in the columns [`NUMBERS`].
pub(crate) fn numbered_orders_of_page() -> String {
    "SELECT o.order_id, o.user_no, o.total, o.balance, o.at, c.at, c.reason, c.order_id,
        a.actor, b.actor, l.product_no, l.name, l.price, l.quantity
    FROM page CROSS JOIN orders o ON o.order_id = page.order_id
    LEFT JOIN actors a ON a.actor_no = o.actor_no
    LEFT JOIN cancellations c ON c.order_id = o.order_id
    LEFT JOIN actors b ON b.actor_no = c.actor_no
    LEFT JOIN order_lines l ON l.line BETWEEN o.order_id * 1024 AND o.order_id * 1024 + 1023
    ORDER BY o.order_id DESC, l.line"
        .into()
}

/// The columns of the user and of the product in a row of an order.
pub(crate) const NUMBERS: [usize; 2] = [1, 10];

/// Orders with their lines, one row per line, from rows of [`ORDER_COLUMNS`]' columns.
pub(crate) fn orders(rows: &Rows) -> Result<Vec<Order>, Error> {
    let mut orders: Vec<Order> = Vec::new();
    for row in rows.iter() {
        let number = row[0].read(format_args!("the number of an order"))?;
        if orders.last().is_none_or(|order| order.order != number) {
            orders.push(order(number, row)?);
        }
        if let Some(order) = orders.last_mut() {
            order.items.push(item(number, &row[10..])?);
        }
    }
    Ok(orders)
}

const ORDER_COLUMNS: &str = "o.order_id, u.user, o.total, o.balance, o.at, c.at, c.reason, c.order_id,
    a.actor, b.actor, p.product, l.name, l.price, l.quantity";
// `LEFT JOIN` keeps a row whose other half is missing, so that it is reported as damage rather than as unknown.
const ORDER_JOINS: &str = "LEFT JOIN users u ON u.user_no = o.user_no
    LEFT JOIN actors a ON a.actor_no = o.actor_no
    LEFT JOIN cancellations c ON c.order_id = o.order_id
    LEFT JOIN actors b ON b.actor_no = c.actor_no
    LEFT JOIN order_lines l ON l.line BETWEEN o.order_id * 1024 AND o.order_id * 1024 + 1023
    LEFT JOIN products p ON p.product_no = l.product_no";
const _: () = assert!(LINES == 1024);

fn order(number: OrderId, row: &[Value]) -> Result<Order, Error> {
    Ok(Order {
        order: number,
        user: UserId::stored(row[1].read(format_args!("the user of order {number}"))?),
        status: if row[7] == Value::Null { Status::Paid } else { Status::Cancelled },
        items: Vec::new(),
        total: row[2].read(format_args!("the total of order {number}"))?,
        balance: row[3].read(format_args!("the balance after order {number}"))?,
        at: row[4].read(format_args!("the time of order {number}"))?,
        cancelled_at: row[5].optional_int().map(Time::from_millis),
        reason: row[6].optional_text().map(Name::stored),
        actor: row[8].optional_text().map(Actor::stored),
        cancelled_by: row[9].optional_text().map(Actor::stored),
    })
}

fn item(number: OrderId, row: &[Value]) -> Result<Item, Error> {
    let product: Arc<str> = row[0].read(format_args!("a product of order {number}"))?;
    let price: Amount = row[2].read(format_args!("the price of {product} in order {number}"))?;
    let quantity: Quantity = row[3].read(format_args!("the quantity of {product} in order {number}"))?;
    let damaged = || {
        Error::Store(
            format!("the store is damaged: order {number} has {quantity} {product} at {price}").into(),
        )
    };
    let amount = price.times(quantity).ok_or_else(damaged)?;
    Ok(Item {
        product: ProductId::stored(product),
        name: Name::stored(row[1].text()),
        price,
        quantity,
        amount,
    })
}
