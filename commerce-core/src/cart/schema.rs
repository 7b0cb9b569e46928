//! What is added to a cart and set in it, as JSON Schema: one product with its quantity, or a list of such.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Add, Set};
use crate::id::{ProductId, UserId};
use crate::money::Quantity;
use crate::order::items::schema::items;

impl JsonSchema for Add {
    fn schema_name() -> Cow<'static, str> {
        "AddToCart".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let quantity = generator.subschema_for::<Quantity>();
        into_cart(
            generator,
            &quantity,
            "Adds units to the lines of products, at the present prices: of one `product`, or of several `items`, \
             all of them or none. A product named twice is added twice.",
        )
    }
}

impl JsonSchema for Set {
    fn schema_name() -> Cow<'static, str> {
        "SetInCart".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let quantity = json_schema!({ "type": "integer", "minimum": 0, "maximum": Quantity::MAX });
        into_cart(
            generator,
            &quantity,
            "Sets the lines of products, at the present prices: of one `product`, or of several `items`, all of them \
             or none. 0 takes a line away; a product named twice is set to the sum.",
        )
    }
}

/// One product with its quantity, or a list of such.
fn into_cart(generator: &mut SchemaGenerator, quantity: &Schema, description: &str) -> Schema {
    let described = |schema: &Schema, text: &str| {
        let mut schema = schema.clone();
        schema.insert("description".into(), text.into());
        schema
    };
    let (user, product) = (generator.subschema_for::<UserId>(), generator.subschema_for::<ProductId>());
    json_schema!({
        "type": "object",
        "description": description,
        "properties": {
            "user": described(&user, "Whose cart."),
            "product": described(&product, "Which product."),
            "quantity": described(quantity, "How many."),
            "items": described(&items(generator, quantity), "Which products, and how many of each."),
        },
        "required": ["user"],
        "oneOf": [{ "required": ["product", "quantity"] }, { "required": ["items"] }],
    })
}
