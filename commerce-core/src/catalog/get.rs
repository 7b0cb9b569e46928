//! `product.get`: retrieves a product, with its stock exact at the moment of the read.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::error::Error;
use crate::id::{Name, ProductId};
use crate::input::Fields;
use crate::money::{Amount, Stock};
use crate::query::{Query, View};
use crate::refusal::Refusal;
use crate::row::{Statement, Value};

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Product {
    /// The product's id.
    pub product: ProductId,
    /// The product's name.
    pub name: Name,
    /// The price of one unit, in minor units of the currency.
    pub price: Amount,
    /// The units in stock.
    pub stock: Stock,
    /// Whether the product is on sale.
    pub active: bool,
}

/// Retrieves a product. Its stock is exact at the moment of the read.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Get {
    /// The product's id.
    pub product: ProductId,
}

impl Query for Get {
    const NAME: &'static str = "product.get";
    const ACCESS: Access = Access::Catalogue;
    type Answer = Product;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { product: fields.required("product")? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Product, Error> {
        let sql = "SELECT p.product, p.name, p.price, s.stock, p.active FROM products p LEFT JOIN stocks s USING (product_no)
            WHERE p.product = ?1";
        let rows = view.final_rows(&Statement::new(sql, [self.product.shared().into()]))?;
        let missing = || Refusal::ProductNotFound { products: vec![self.product.clone()] };
        product(rows.first().ok_or_else(missing)?)
    }
}

/// A product from the columns product, name, price, stock, active.
pub(super) fn product(row: &[Value]) -> Result<Product, Error> {
    let id = row[0].text();
    Ok(Product {
        price: row[2].read(format_args!("the price of product {id}"))?,
        stock: row[3].read(format_args!("the stock of product {id}"))?,
        product: ProductId::stored(id),
        name: Name::stored(row[1].text()),
        active: row[4].int() != 0,
    })
}
