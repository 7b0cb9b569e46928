//! `stock.adjust`: changes the stock of a product for a reason other than an order.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::id::{Name, ProductId};
use crate::input::Fields;
use crate::money::{LIMIT, Stock};
use crate::operation::{Operation, Reply};
use crate::refusal::{Refusal, Shortage};
use crate::text::ValueError;
use crate::time::Time;

/// Adds units to the stock of a product, or removes them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Adjust {
    /// The product's id.
    product: ProductId,
    /// The units to add; a negative number removes units.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::delta"))]
    delta: i64,
    /// The reason for the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Name>,
}

/// A stock after its adjustment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Adjusted {
    /// The product's id.
    pub product: ProductId,
    /// The stock after the adjustment, in units.
    pub stock: Stock,
}

impl Adjust {
    /// Adds `delta` units, or removes them where it is negative.
    ///
    /// # Errors
    /// [`ValueError`] when `delta` is 0, below `-`[`LIMIT`] or above [`LIMIT`].
    pub fn new(product: ProductId, delta: i64, reason: Option<Name>) -> Result<Self, ValueError> {
        if delta == 0 || !(-LIMIT..=LIMIT).contains(&delta) {
            return Err(ValueError::new(format!("must be -{LIMIT} to {LIMIT} and not 0, got {delta}")));
        }
        Ok(Self { product, delta, reason })
    }
}

impl Operation for Adjust {
    const NAME: &'static str = "stock.adjust";
    const ACCESS: Access = Access::Operator;
    type Reply = Adjusted;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (product, delta, reason) =
            (fields.required("product"), fields.required("delta"), fields.remark("reason"));
        match Self::new(product?, delta?, reason?) {
            Ok(adjust) => Some(adjust),
            Err(error) => fields.fault("delta", error),
        }
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.push(self.product.clone());
    }

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Adjusted, Refusal> {
        let available = facts.product(&self.product)?.stock.get();
        if available + self.delta < 0 {
            let shortage = Shortage { product: self.product.clone(), requested: -self.delta, available };
            return Err(Refusal::OutOfStock { items: vec![shortage] });
        }
        let exceeded = Refusal::LimitExceeded { what: "the stock".into(), limit: LIMIT };
        let stock = Stock::try_from(available + self.delta).map_err(|_| exceeded)?;
        // From here on nothing can fail.
        facts.adjust_stock(&self.product, stock, self.reason.as_ref(), now);
        Ok(Adjusted { product: self.product.clone(), stock })
    }
}

impl Reply for Adjusted {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Adjust;
    use crate::money::LIMIT;
    use crate::testing::{Shop, check, id, keys, refusals, shop};

    fn stocked() -> Shop {
        shop().product("pen", 50, 100).product("mug", 300, 7)
    }

    #[test]
    fn units_come_and_go() {
        check::<Adjust>(
            &stocked(),
            json!({ "product": "mug", "delta": 3 }),
            r#"
            {"product":"mug","stock":10}
            update stocks product_no=2 stock=10
            insert movements movement=11 product_no=2 delta=3 stock=10 at=1000 last_order=40 last_entry=30
            update store last_at=1000 last_movement=11
            "#,
        );
        check::<Adjust>(
            &stocked(),
            json!({ "product": "mug", "delta": -7, "reason": "broken" }),
            r#"
            {"product":"mug","stock":0}
            update stocks product_no=2 stock=0
            insert movements movement=11 product_no=2 delta=-7 stock=0 reason=broken at=1000 last_order=40 last_entry=30
            update store last_at=1000 last_movement=11
            "#,
        );
    }

    #[test]
    fn refusals_in_their_order() {
        refusals::<Adjust>(
            stocked(),
            json!({ "product": "mug", "delta": 3 }),
            &[
                (|case| case.operation["product"] = "no".into(), r#"product_not_found {"products":["no"]}"#),
                (
                    |case| case.operation["delta"] = (-8).into(),
                    r#"out_of_stock {"items":[{"product":"mug","requested":8,"available":7}]}"#,
                ),
                (
                    |case| case.operation["delta"] = (LIMIT - 6).into(),
                    r#"limit_exceeded {"what":"the stock","limit":9007199254740991}"#,
                ),
            ],
        );
    }

    #[test]
    fn an_adjustment_changes_something_within_the_limit() {
        for (delta, usable) in
            [(0, false), (1, true), (-LIMIT, true), (LIMIT, true), (-LIMIT - 1, false), (LIMIT + 1, false)]
        {
            assert_eq!(Adjust::new(id("mug"), delta, None).is_ok(), usable, "{delta}");
        }
    }

    #[test]
    fn once_under_a_key_of_the_store() {
        let adjust = |delta: i64| json!({ "product": "mug", "delta": delta });
        keys::<Adjust>(&stocked(), 0, &[adjust(1)], &[adjust(2)]);
    }
}
