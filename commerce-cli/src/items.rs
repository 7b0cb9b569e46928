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
            let error = || format!("{}: the quantity must be 1 to 1000000", escape(text));
            Ok((product, quantity.parse().map_err(|_| Failure::Usage(error()))?))
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

#[cfg(test)]
mod tests {
    use commerce_core::Invalid;

    use super::*;
    use crate::values::read;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn pointers<T: std::fmt::Debug>(read: Result<T, Invalid>) -> Vec<String> {
        let Invalid(faults) = read.unwrap_err();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_quantity_is_one_unless_it_is_given() {
        let arguments = texts(&["mug:2", "pen", "mug"]);
        let Ok(items) = ItemArgs::read(&arguments) else { panic!("valid quantities") };
        let items = read(|values| items.items(values)).unwrap();
        let items: Vec<(&str, i64)> =
            items.iter().map(|(product, units)| (product.as_str(), units)).collect();
        assert_eq!(items, [("mug", 3), ("pen", 1)]);
        assert!(ItemArgs::read(&texts(&["mug:x"])).is_err());
    }

    #[test]
    fn faults_name_the_item_unless_it_is_alone_in_a_cart() {
        let arguments = texts(&["a b:0"]);
        let Ok(items) = ItemArgs::read(&arguments) else { panic!("valid quantities") };
        assert_eq!(pointers(read(|values| items.items(values))), ["/items/0/product", "/items/0/quantity"]);
        let cart = read(|values| items.of_cart(values, Quantity::try_from));
        assert_eq!(pointers(cart), ["/product", "/quantity"]);
        let cart = read(|values| items.of_cart(values, quantity_or_none));
        assert_eq!(pointers(cart), ["/product"]);
    }
}
