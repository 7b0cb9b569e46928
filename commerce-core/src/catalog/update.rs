//! `product.update`: changes a product's name, its price or whether it is on sale. Existing orders keep the name and
//! price that they were placed with.

use serde::Serialize;

use super::Product;
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::id::{Name, ProductId};
use crate::input::Fields;
use crate::money::Amount;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Changes a product. Fields that are left out keep their value, and existing orders keep the name and price that they
/// were placed with.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Update {
    /// The product's id.
    pub product: ProductId,
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::NewName>"))]
    pub name: Option<Name>,
    /// The new price of one unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
    /// Whether the product is on sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

impl Operation for Update {
    const NAME: &'static str = "product.update";
    const ACCESS: Access = Access::Operator;
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Update;
    use crate::testing::{Shop, check, keys, refusals, shop};

    fn stocked() -> Shop {
        shop().product("pen", 50, 100).product("mug", 300, 7)
    }

    #[test]
    fn only_what_is_given_is_changed() {
        check::<Update>(
            &stocked(),
            json!({ "product": "mug", "price": 250 }),
            r#"
            {"product":"mug","name":"The mug","price":250,"stock":7,"active":true}
            update products product_no=2 product=mug name=The mug search=mug\nthe mug price=250 active=1
            update store last_at=1000
            "#,
        );
        check::<Update>(
            &stocked().product("a", 90, 1),
            json!({ "product": "a", "name": "B", "active": false }),
            r#"
            {"product":"a","name":"B","price":90,"stock":1,"active":false}
            update products product_no=3 product=a name=B search=a\nb price=90 active=0
            delete product_grams rowid=3
            insert product_grams rowid=3 grams=\u{e000} \u{e061} \u{e062}
            update store last_at=1000
            "#,
        );
    }

    #[test]
    fn what_is_so_already_is_not_written() {
        check::<Update>(
            &stocked(),
            json!({ "product": "mug", "name": "The mug", "price": 300, "active": true }),
            r#"
            {"product":"mug","name":"The mug","price":300,"stock":7,"active":true}
            update store last_at=1000
            "#,
        );
    }

    #[test]
    fn refusals_in_their_order() {
        refusals::<Update>(
            stocked(),
            json!({ "product": "mug", "price": 250 }),
            &[(|case| case.operation["product"] = "no".into(), r#"product_not_found {"products":["no"]}"#)],
        );
    }

    #[test]
    fn once_under_a_key_of_the_store() {
        let price = |price: i64| json!({ "product": "mug", "price": price });
        keys::<Update>(&stocked(), 0, &[price(1)], &[price(2), json!({ "product": "mug" })]);
    }
}
