//! The JSON Schemas of `cart.add` and `cart.set`, which take one product with its quantity, or a list of them.

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
        one_or_several(
            generator,
            &quantity,
            "Adds units of one `product` or of several `items` to a cart, at the current prices. Either all are added \
             or none. A product that appears twice is added twice.",
        )
    }
}

impl JsonSchema for Set {
    fn schema_name() -> Cow<'static, str> {
        "SetInCart".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let quantity = json_schema!({ "type": "integer", "minimum": 0, "maximum": Quantity::MAX });
        one_or_several(
            generator,
            &quantity,
            "Sets the quantity of one `product` or of several `items` in a cart, at the current prices. Either all \
             are set or none. 0 removes a line. A product that appears twice is set to the sum.",
        )
    }
}

/// The schema of one product with its quantity, or of a list of them.
fn one_or_several(generator: &mut SchemaGenerator, quantity: &Schema, description: &str) -> Schema {
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
            "user": described(&user, "The id of the cart's user."),
            "product": described(&product, "The product's id."),
            "quantity": described(quantity, "The number of units."),
            "items": described(&items(generator, quantity), "The products, each with its number of units."),
        },
        "required": ["user"],
        "oneOf": [{ "required": ["product", "quantity"] }, { "required": ["items"] }],
    })
}
