//! Products and quantities as arguments: `ID` or `ID:QUANTITY`.

use std::fmt::Display;

use commerce_core::order::Items;
use commerce_core::{ProductId, Quantity, escape};

use crate::failure::Failure;
use crate::values::Values;

/// Products and quantities as they were given.
pub struct ItemArgs<'a>(Vec<(&'a str, i64)>);

impl<'a> ItemArgs<'a> {
    /// Reads `ID` or `ID:QUANTITY` each; without a quantity it is 1.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a quantity that is no whole number.
    pub fn read(texts: &'a [String]) -> Result<Self, Failure> {
        let one = |text: &'a String| {
            let (product, quantity) = text.split_once(':').unwrap_or((text, "1"));
            let wrong = || format!("{}: the quantity must be 1 to 1000000", escape(text));
            Ok((product, quantity.parse().map_err(|_| Failure::Usage(wrong()))?))
        };
        texts.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// What an order asks for.
    pub fn items(&self, values: &mut Values) -> Option<Items> {
        let items = self.list(values, Quantity::try_from)?;
        values.field("items", Items::new(items))
    }

    /// Products of a cart with their quantities, where one alone is no list.
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
        // After the first fault the others are only looked for.
        let pairs: Vec<_> =
            all.map(|(place, item)| pair(values, &format!("items/{place}/"), item, quantity)).collect();
        pairs.into_iter().collect()
    }
}

/// A quantity of which 0 means none.
pub fn quantity_or_none(units: i64) -> Result<Option<Quantity>, String> {
    match Quantity::try_from(units) {
        Ok(quantity) => Ok(Some(quantity)),
        Err(_) if units == 0 => Ok(None),
        Err(_) => Err(format!("must be 0 to {}, got {units}", Quantity::MAX)),
    }
}

fn pair<Q, E: Display>(
    values: &mut Values,
    place: &str,
    (product, units): &(&str, i64),
    quantity: fn(i64) -> Result<Q, E>,
) -> Option<(ProductId, Q)> {
    let product = values.field(&format!("{place}product"), ProductId::try_from(*product));
    let quantity = values.field(&format!("{place}quantity"), quantity(*units));
    Some((product?, quantity?))
}
