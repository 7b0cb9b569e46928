//! What an order asks for: each product once, however often it was named.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use crate::error::Invalid;
use crate::id::ProductId;
use crate::input::Fields;
use crate::money::Quantity;

/// At least one and at most 1,000 distinct products with the units asked for, in the order of first mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items(Vec<(ProductId, i64)>);

impl Items {
    /// The most distinct products in one order or cart.
    pub const MAX: usize = 1_000;

    /// Sums the units of products named more than once, so that two lines, each within the stock, cannot
    /// oversell together.
    ///
    /// # Errors
    /// [`Invalid`] when there are none, or more than 1,000 distinct products.
    pub fn new(items: impl IntoIterator<Item = (ProductId, Quantity)>) -> Result<Self, Invalid> {
        let mut places = HashMap::new();
        let mut summed: Vec<(ProductId, i64)> = Vec::new();
        for (product, quantity) in items {
            let place = *places.entry(product.clone()).or_insert(summed.len());
            match summed.get_mut(place) {
                Some((_, units)) => *units += quantity.get(),
                None => summed.push((product, quantity.get())),
            }
        }
        match summed.len() {
            0 => Err(Invalid::at("/items", "must not be empty")),
            1..=Self::MAX => Ok(Self(summed)),
            many => {
                Err(Invalid::at("/items", format!("must name at most {} products, got {many}", Self::MAX)))
            }
        }
    }

    /// Each product with its units. The units may pass [`Quantity::MAX`]: that is for the rule to refuse.
    pub fn iter(&self) -> impl Iterator<Item = (&ProductId, i64)> {
        self.0.iter().map(|(product, units)| (product, *units))
    }

    /// Reads the field `items`.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let items = fields.objects("items", |item| {
            let (product, quantity) = (item.required("product"), item.required("quantity"));
            Some((product?, quantity?))
        })?;
        match Self::new(items) {
            Ok(items) => Some(items),
            Err(Invalid(faults)) => {
                let detail = faults.into_iter().map(|fault| fault.detail).collect::<String>();
                fields.fault("items", detail)
            }
        }
    }
}

impl Serialize for Items {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
