//! `product.add`: adds a product, on sale at once.

use serde::Serialize;

use super::Product;
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::id::{Name, ProductId};
use crate::input::{Fields, Invalid};
use crate::money::{Amount, Stock};
use crate::operation::{Operation, Reply};
use crate::refusal::Refusal;
use crate::time::Time;

/// Adds a product, on sale at once.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Add {
    /// The id of the new product.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::NewId"))]
    pub product: ProductId,
    /// The product's name.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::NewName"))]
    pub name: Name,
    /// The price of one unit, in minor units of the currency.
    pub price: Amount,
    /// The initial stock, in units.
    pub stock: Stock,
}

impl Operation for Add {
    const NAME: &'static str = "product.add";
    const ACCESS: Access = Access::Operator;
    type Reply = Product;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (product, name) = (fields.required("product"), fields.required("name"));
        let (price, stock) = (fields.required("price"), fields.required("stock"));
        let product = fields.test("product", product, check_id);
        Some(Self { product: product?, name: name?, price: price?, stock: stock? })
    }

    fn check(&self) -> Result<(), Invalid> {
        check_id(&self.product).map_err(|error| Invalid::at("/product", error))
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.push(self.product.clone());
    }

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Product, Refusal> {
        if facts.find_product(&self.product).is_some() {
            return Err(Refusal::ProductExists { product: self.product.clone() });
        }
        // From here on nothing can fail.
        facts.add_product(self.product.clone(), self.name.clone(), self.price, self.stock, now);
        let Self { product, name, price, stock } = self.clone();
        Ok(Product { product, name, price, stock, active: true })
    }
}

impl Reply for Product {}

/// Checks that a new product may have this id.
fn check_id(product: &ProductId) -> Result<(), String> {
    // `/v1/products/top` is a route of its own.
    if product.as_str() == "top" {
        return Err("must not be \"top\", which names the best sellers".into());
    }
    product.check_new().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Add;
    use crate::testing::{check, id, keys, name_of, refusal, refusals, shop};

    #[test]
    fn a_new_product_is_on_sale_and_its_units_have_come() {
        check::<Add>(
            &shop().product("pen", 50, 100),
            json!({ "product": "mug", "name": "Mug", "price": 300, "stock": 7 }),
            r#"
            {"product":"mug","name":"Mug","price":300,"stock":7,"active":true}
            insert products product_no=2 product=mug name=Mug search=mug\nmug price=300 active=1
            insert product_grams rowid=2 grams=\u{e001} \u{e067} \u{e06d}\u{e075}\u{e067} \u{e075}\u{e067}
            insert stocks product_no=2 stock=7
            insert movements movement=11 product_no=2 delta=7 stock=7 at=1000 last_order=40 last_entry=30
            update store last_at=1000 last_product=2 last_movement=11
            "#,
        );
    }

    #[test]
    fn refusals_in_their_order() {
        refusals::<Add>(
            shop().product("pen", 50, 100),
            json!({ "product": "mug", "name": "Mug", "price": 300, "stock": 7 }),
            &[(|case| case.operation["product"] = "pen".into(), r#"product_exists {"product":"pen"}"#)],
        );
    }

    #[test]
    fn not_every_identifier_is_for_something_new() {
        for product in ["..", "top"] {
            let (name, price, stock) = (name_of("mug"), Default::default(), Default::default());
            let add = Add { product: id(product), name, price, stock };
            assert_eq!(refusal(&shop(), &add), "invalid_request /product", "{product}");
        }
    }

    #[test]
    fn once_under_a_key_of_the_store() {
        let mug = |price: i64| json!({ "product": "mug", "name": "Mug", "price": price, "stock": 7 });
        keys::<Add>(&shop(), 0, &[mug(1)], &[mug(2)]);
    }
}
