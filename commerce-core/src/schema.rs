//! Value types as JSON Schema, for doors that publish what they take and answer. What is made of fields
//! derives its schema; what is one checked value says here what it was checked for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::cart;
use crate::catalog::Sort;
use crate::id::{Key, Name, ProductId, UserId};
use crate::money::{Amount, LIMIT, Quantity, Stock};
use crate::number::{ChargeId, EntryId, EventId, OrderId};
use crate::order::Items;
use crate::query::Cursor;
use crate::sales::By;
use crate::time::Time;
use crate::token::{Digest, Role, TokenName};

/// The schema of a value that has no name of its own and stands wherever it is used.
macro_rules! inline {
    ($type:ty, $name:literal, $schema:expr) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

inline!(UserId, "UserId", identifier());
inline!(ProductId, "ProductId", identifier());
inline!(OrderId, "OrderId", number());
inline!(ChargeId, "ChargeId", number());
inline!(EntryId, "EntryId", number());
inline!(EventId, "EventId", number());
inline!(TokenName, "TokenName", identifier());
inline!(Key, "Key", json_schema!({ "type": "string", "pattern": "^[!-~]{1,255}$" }));
inline!(
    Name,
    "Name",
    json_schema!({ "type": "string", "minLength": 1, "maxLength": Self::MAX, "pattern": format!("^[^{HARMFUL}]*$") })
);
inline!(NewName, "NewName", {
    let pattern = format!("^[^{HARMFUL}]*[^{HARMFUL}{BLANK}][^{HARMFUL}]*$");
    json_schema!({ "type": "string", "minLength": 1, "maxLength": Name::MAX, "pattern": pattern })
});
inline!(NewId, "NewId", {
    let (first, any) = ("[A-Za-z0-9_@-]", "[A-Za-z0-9._@-]");
    let pattern = format!(r"^({first}{any}{{0,63}}|\.{first}{any}{{0,62}}|\.\.{any}{{1,62}})$");
    json_schema!({ "type": "string", "pattern": pattern })
});
inline!(Amount, "Amount", json_schema!({ "type": "integer", "minimum": 0, "maximum": LIMIT }));
inline!(Stock, "Stock", json_schema!({ "type": "integer", "minimum": 0, "maximum": LIMIT }));
inline!(Quantity, "Quantity", json_schema!({ "type": "integer", "minimum": 1, "maximum": Self::MAX }));
inline!(Time, "Time", json_schema!({ "type": "string", "format": "date-time" }));
inline!(Cursor, "Cursor", json_schema!({ "type": "string" }));
inline!(Sort, "Sort", json_schema!({ "type": "string", "enum": Self::names() }));
inline!(By, "By", json_schema!({ "type": "string", "enum": By::NAMES }));
inline!(Role, "Role", json_schema!({ "type": "string", "enum": ["operator", "shopper"] }));
inline!(Digest, "Digest", json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }));

impl JsonSchema for Items {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Items".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let quantity = generator.subschema_for::<Quantity>();
        items(generator, &quantity)
    }
}

impl JsonSchema for cart::Add {
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

impl JsonSchema for cart::Set {
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

fn items(generator: &mut SchemaGenerator, quantity: &Schema) -> Schema {
    let product = generator.subschema_for::<ProductId>();
    json_schema!({ "type": "array", "minItems": 1, "items": {
        "type": "object",
        "properties": { "product": product, "quantity": quantity },
        "required": ["product", "quantity"],
        "additionalProperties": false,
    } })
}

/// Describes the name of something new: one that shows something.
pub(crate) struct NewName;

/// Describes the identifier of something new: neither `.` nor `..`.
pub(crate) struct NewId;

/// What no name may hold, as a class of a regular expression.
const HARMFUL: &str = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069";

/// Of what a name may not consist alone; without the rare ones past U+FFFF, which a class cannot name everywhere.
const BLANK: &str = r"\u0020\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202f\u205f-\u2065\u206a-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb";

fn number() -> Schema {
    json_schema!({ "type": "integer", "format": "int64" })
}

fn identifier() -> Schema {
    json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._@-]{1,64}$" })
}

/// How many units come (or, negative, go).
pub(crate) fn delta(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": -LIMIT, "maximum": LIMIT, "not": { "const": 0 } })
}

/// An end of a span of time.
pub(crate) fn end(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "anyOf": [{ "format": "date-time" }, { "format": "date" }, { "type": "null" }] })
}

/// The length of a page.
pub(crate) fn page_length(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 1, "maximum": crate::Page::MAX, "default": 20 })
}
