//! `product.update`: changes a product's name, its price or whether it is on sale. Existing orders keep the name and
//! price that they were placed with.

use serde::Serialize;

use super::{IfMatch, Product};
use crate::access::Access;
use crate::error::Error;
use crate::facts::{Facts, Keys};
use crate::id::{Name, ProductId};
use crate::input::{Fields, json_object};
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
    /// Change the product only if it is still as it was read; otherwise the refusal is `precondition_failed`. Over HTTP this is
    /// the header `If-Match`. It is no part of the content under a key, so that a change that was made is answered again.
    #[serde(skip)]
    pub if_match: Option<IfMatch>,
}

/// The fields as they travel.
#[derive(Serialize)]
struct Travelling<'a> {
    #[serde(flatten)]
    update: &'a Update,
    if_match: String,
}

impl Operation for Update {
    const NAME: &'static str = "product.update";
    const ACCESS: Access = Access::Operator;
    type Reply = Product;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (product, name) = (fields.required("product"), fields.optional("name"));
        let (price, active) = (fields.optional("price"), fields.optional("active"));
        let if_match = fields.optional("if_match");
        Some(Self { product: product?, name: name?, price: price?, active: active?, if_match: if_match? })
    }

    fn fields(&self) -> Result<Vec<u8>, Error> {
        match &self.if_match {
            None => json_object(self),
            Some(if_match) => json_object(&Travelling { update: self, if_match: if_match.to_string() }),
        }
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.push(self.product.clone());
    }

    fn decide(&self, facts: &mut Facts, _: Time) -> Result<Product, Refusal> {
        let present = facts.product(&self.product)?.clone();
        let shown = |name, price, active| Product {
            product: self.product.clone(),
            name,
            price,
            stock: present.stock,
            active,
        };
        if let Some(if_match) = &self.if_match {
            let present = shown(present.name.clone(), present.price, present.active);
            if !if_match.admits(|| serde_json::to_vec(&present).unwrap_or_default()) {
                return Err(Refusal::PreconditionFailed { product: present.product });
            }
        }
        // From here on nothing can fail.
        let name = self.name.clone().unwrap_or(present.name);
        let (price, active) = (self.price.unwrap_or(present.price), self.active.unwrap_or(present.active));
        facts.set_product(&self.product, name.clone(), price, active);
        Ok(shown(name, price, active))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::EntityTag;
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
            json!({ "product": "mug", "price": 250, "if_match": "*" }),
            &[
                (|case| case.operation["product"] = "no".into(), r#"product_not_found {"products":["no"]}"#),
                (
                    |case| case.operation["if_match"] = "\"0000000000000000\"".into(),
                    r#"precondition_failed {"product":"mug"}"#,
                ),
            ],
        );
    }

    #[test]
    fn a_product_that_changed_since_it_was_read_is_left_alone() {
        let seen = |stock: i64| {
            let product =
                format!(r#"{{"product":"mug","name":"The mug","price":300,"stock":{stock},"active":true}}"#);
            format!("\"{}\"", EntityTag::of(product.as_bytes()))
        };
        check::<Update>(
            &stocked(),
            json!({ "product": "mug", "price": 250, "if_match": seen(7) }),
            r#"
            {"product":"mug","name":"The mug","price":250,"stock":7,"active":true}
            update products product_no=2 product=mug name=The mug search=mug\nthe mug price=250 active=1
            update store last_at=1000
            "#,
        );
        check::<Update>(
            &stocked(),
            json!({ "product": "mug", "price": 250, "if_match": seen(8) }),
            r#"precondition_failed {"product":"mug"}"#,
        );
    }

    /// The answer of a change that was made was lost: it is asked for again, when the product is no longer as it was.
    #[test]
    fn the_condition_is_no_part_of_the_content_under_a_key() {
        let once = json!({ "product": "mug", "price": 1, "if_match": "*" });
        let again = json!({ "product": "mug", "price": 1, "if_match": "\"0000000000000000\"" });
        keys::<Update>(&stocked(), 0, &[once, again], &[json!({ "product": "mug" })]);
    }

    #[test]
    fn once_under_a_key_of_the_store() {
        let price = |price: i64| json!({ "product": "mug", "price": price });
        keys::<Update>(&stocked(), 0, &[price(1)], &[price(2), json!({ "product": "mug" })]);
    }
}
