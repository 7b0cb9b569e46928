//! `cart.get`: retrieves a cart at current prices, with the problem of each line that cannot be ordered as it is.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::error::Error;
use crate::facts::CartLine;
use crate::id::{Name, ProductId, UserId};
use crate::input::Fields;
use crate::money::{Amount, LIMIT, Quantity, Stock};
use crate::query::{Query, View};
use crate::refusal::Refusal;
use crate::row::{Statement, Value};

/// A cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cart {
    /// The id of the cart's user.
    pub user: UserId,
    /// The lines, in the order in which the products were added.
    pub lines: Vec<Line>,
    /// The total of all lines at current prices, at most 2^53 - 1.
    pub total: Amount,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Line {
    /// The product's id.
    pub product: ProductId,
    /// The product's current name.
    pub name: Name,
    /// The current price of one unit.
    pub price: Amount,
    /// The price of one unit when the line was last added to or set.
    pub price_when_added: Amount,
    /// The number of units.
    pub quantity: Quantity,
    /// The units in stock.
    pub available: Stock,
    /// The most serious problem that the customer should know before ordering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// A problem of a cart line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CartProblem"))]
#[non_exhaustive]
pub enum Problem {
    /// The product is not on sale.
    Inactive,
    /// The stock is smaller than the quantity.
    OutOfStock,
    /// The price has changed since the line was added.
    PriceChanged,
}

impl Problem {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::OutOfStock => "out_of_stock",
            Self::PriceChanged => "price_changed",
        }
    }
}

/// Retrieves a user's cart. The cart of a user who has not used it is empty.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Get {
    /// The id of the cart's user.
    pub user: UserId,
}

impl Query for Get {
    const NAME: &'static str = "cart.get";
    const ACCESS: Access = Access::OwnUser;
    type Answer = Cart;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { user: fields.required("user")? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Cart, Error> {
        // A user whose cart is empty is one row without a position.
        let sql = "SELECT p.product, p.name, p.price, s.stock, p.active, c.position, c.quantity, c.price
            FROM users u LEFT JOIN cart_lines c USING (user_no) LEFT JOIN products p USING (product_no)
            LEFT JOIN stocks s USING (product_no) WHERE u.user = ?1 ORDER BY c.position";
        let rows = view.final_rows(&Statement::new(sql, [self.user.shared().into()]))?;
        rows.first().ok_or_else(|| Refusal::UserNotFound { user: self.user.clone() })?;
        let lines = rows.iter().filter(|row| row[5] != Value::Null);
        Ok(Cart::new(self.user.clone(), lines.map(line).collect::<Result<_, _>>()?))
    }
}

impl Cart {
    /// A cart of these lines, with their total. A client that shows an edit before the store has answered builds the
    /// edited cart with it.
    pub fn new(user: UserId, lines: Vec<Line>) -> Self {
        let total = total(lines.iter().map(|line| (line.price, line.quantity)));
        let total = i64::try_from(total).unwrap_or(LIMIT).min(LIMIT);
        Self { user, lines, total: Amount::try_from(total).unwrap_or_default() }
    }
}

/// The exact total of lines, each a price and a quantity. It may exceed the largest amount.
pub(super) fn total(lines: impl Iterator<Item = (Amount, Quantity)>) -> i128 {
    lines.map(|(price, quantity)| i128::from(price.get()) * i128::from(quantity.get())).sum()
}

impl Line {
    pub(super) fn new(
        product: ProductId,
        name: Name,
        price: Amount,
        available: Stock,
        active: bool,
        line: &CartLine,
    ) -> Self {
        let problem = if !active {
            Some(Problem::Inactive)
        } else if available.get() < line.quantity.get() {
            Some(Problem::OutOfStock)
        } else {
            (price != line.price).then_some(Problem::PriceChanged)
        };
        Self {
            product,
            name,
            price,
            price_when_added: line.price,
            quantity: line.quantity,
            available,
            problem,
        }
    }
}

fn line(row: &[Value]) -> Result<Line, Error> {
    let id = row[0].text();
    let price = row[2].read(format_args!("the price of product {id}"))?;
    let available = row[3].read(format_args!("the stock of product {id}"))?;
    let quantity = row[6].read(format_args!("the quantity of {id} in a cart"))?;
    let price_when_added = row[7].read(format_args!("the price of {id} in a cart"))?;
    let product = ProductId::stored(id);
    let line =
        CartLine { product: product.clone(), position: row[5].int(), quantity, price: price_when_added };
    Ok(Line::new(product, Name::stored(row[1].text()), price, available, row[4].int() != 0, &line))
}
