//! Products and quantities given as arguments: `PRODUCT` or `PRODUCT:QUANTITY`.

use std::fmt::Display;

use commerce_core::order::Items;
use commerce_core::{ProductId, Quantity, escape};

use crate::failure::Failure;
use crate::values::Values;

/// Products and quantities as they stand in the arguments.
pub struct ItemArgs<'a>(Vec<(&'a str, i64)>);

impl<'a> ItemArgs<'a> {
    /// Parses each argument as `PRODUCT` or `PRODUCT:QUANTITY`. The default quantity is 1.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a quantity that is not an integer.
    pub fn read(texts: &'a [String]) -> Result<Self, Failure> {
        let one = |text: &'a String| {
            let (product, quantity) = text.split_once(':').unwrap_or((text, "1"));
            let wrong = || format!("{}: the quantity must be 1 to 1000000", escape(text));
            Ok((product, quantity.parse().map_err(|_| Failure::Usage(wrong()))?))
        };
        texts.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// The items of an order, as the field `items`.
    pub fn items(&self, values: &mut Values) -> Option<Items> {
        let items = self.list(values, Quantity::try_from)?;
        values.field("items", Items::new(items))
    }

    /// The items of a cart operation: the fields `product` and `quantity` for one item, the field `items` for several.
    pub fn of_cart<Q, E: Display>(
        &self,
        values: &mut Values,
        quantity: fn(i64) -> Result<Q, E>,
    ) -> Option<Vec<(ProductId, Q)>> {
        match self.0.as_slice() {
            [one] => pair(values, "", one, quantity).map(|pair| vec![pair]),
            _ => self.list(values, quantity),
        }
    }

    fn list<Q, E: Display>(
        &self,
        values: &mut Values,
        quantity: fn(i64) -> Result<Q, E>,
    ) -> Option<Vec<(ProductId, Q)>> {
        let all = self.0.iter().enumerate();
        // Collected first, so that the faults of all items are reported.
        let pairs: Vec<_> =
            all.map(|(index, item)| pair(values, &format!("items/{index}/"), item, quantity)).collect();
        pairs.into_iter().collect()
    }
}

/// A quantity, or nothing for 0.
pub fn quantity_or_none(units: i64) -> Result<Option<Quantity>, String> {
    match Quantity::try_from(units) {
        Ok(quantity) => Ok(Some(quantity)),
        Err(_) if units == 0 => Ok(None),
        Err(_) => Err(format!("must be 0 to {}, got {units}", Quantity::MAX)),
    }
}

/// Reads one item, whose fields have this prefix.
fn pair<Q, E: Display>(
    values: &mut Values,
    prefix: &str,
    (product, units): &(&str, i64),
    quantity: fn(i64) -> Result<Q, E>,
) -> Option<(ProductId, Q)> {
    let product = values.field(&format!("{prefix}product"), ProductId::try_from(*product));
    let quantity = values.field(&format!("{prefix}quantity"), quantity(*units));
    Some((product?, quantity?))
}
