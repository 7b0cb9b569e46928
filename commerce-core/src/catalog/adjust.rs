//! `stock.adjust`: units come or go for another reason than an order.

use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Keys};
use crate::id::{Name, ProductId};
use crate::input::Fields;
use crate::money::{LIMIT, Stock};
use crate::operation::{Operation, Reply};
use crate::refusal::{Refusal, Shortage};
use crate::time::Time;

/// Adjusts a stock.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Adjust {
    product: ProductId,
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::delta"))]
    delta: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Name>,
}

/// A stock after it was adjusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Adjusted {
    /// Which product.
    pub product: ProductId,
    /// The units there are now.
    pub stock: Stock,
}

impl Adjust {
    /// `delta` units come (or, negative, go).
    ///
    /// # Errors
    /// A sentence when `delta` is 0 or further from it than [`LIMIT`].
    pub fn new(product: ProductId, delta: i64, reason: Option<Name>) -> Result<Self, String> {
        if delta == 0 || !(-LIMIT..=LIMIT).contains(&delta) {
            return Err(format!("must be -{LIMIT} to {LIMIT} and not 0, got {delta}"));
        }
        Ok(Self { product, delta, reason })
    }
}

impl Operation for Adjust {
    const NAME: &'static str = "stock.adjust";
    type Reply = Adjusted;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (product, delta, reason) =
            (fields.required("product"), fields.required("delta"), fields.remark("reason"));
        match Self::new(product?, delta?, reason?) {
            Ok(adjust) => Some(adjust),
            Err(detail) => fields.fault("delta", detail),
        }
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.push(self.product.clone());
    }

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Adjusted, Refusal> {
        let available = facts.product(&self.product)?.stock.get();
        if available + self.delta < 0 {
            let short = Shortage { product: self.product.clone(), requested: -self.delta, available };
            return Err(Refusal::OutOfStock { items: vec![short] });
        }
        let over = Refusal::LimitExceeded { what: "the stock", limit: LIMIT };
        let stock = Stock::new(available + self.delta).ok_or(over)?;
        // From here on nothing can fail.
        facts.adjust_stock(&self.product, stock, self.reason.as_ref(), now);
        Ok(Adjusted { product: self.product.clone(), stock })
    }
}

impl Reply for Adjusted {}
