//! `product.update`: another name or price, on or off sale. Orders keep what they were placed with.

use serde::Serialize;

use super::Product;
use crate::facts::{Facts, Keys};
use crate::id::{Name, ProductId};
use crate::input::Fields;
use crate::money::Amount;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Changes what is given of a product.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Update {
    /// Which product.
    pub product: ProductId,
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::NewName>"))]
    pub name: Option<Name>,
    /// The new price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
    /// Whether it is on sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

impl Operation for Update {
    const NAME: &'static str = "product.update";
    type Reply = Product;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (product, name) = (fields.required("product"), fields.optional("name"));
        let (price, active) = (fields.optional("price"), fields.optional("active"));
        Some(Self { product: product?, name: name?, price: price?, active: active? })
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.push(self.product.clone());
    }

    fn decide(&self, facts: &mut Facts, _: Time) -> Result<Product, Refusal> {
        let present = facts.product(&self.product)?.clone();
        // From here on nothing can fail.
        let name = self.name.clone().unwrap_or(present.name);
        let (price, active) = (self.price.unwrap_or(present.price), self.active.unwrap_or(present.active));
        facts.set_product(&self.product, name.clone(), price, active);
        Ok(Product { product: self.product.clone(), name, price, stock: present.stock, active })
    }
}
