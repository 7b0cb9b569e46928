//! The JSON Schema of value types, for servers that publish what they accept and answer. A type with fields derives its
//! schema. That of a checked value is written here, or beside the type if only one operation or query uses it.

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::id::{Actor, Digest, Key, Name, ProductId, TokenName, UserId};
use crate::money::{Amount, LIMIT, Quantity, Stock};
use crate::number::{ChargeId, EntryId, EventId, OrderId};
use crate::time::Time;

/// The schema of a value that has no name of its own and is written out wherever it is used.
macro_rules! inline_schema {
    ($type:ty, $name:literal, $schema:expr) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    };
}
pub(crate) use inline_schema;

inline_schema!(UserId, "UserId", identifier());
inline_schema!(ProductId, "ProductId", identifier());
inline_schema!(OrderId, "OrderId", number());
inline_schema!(ChargeId, "ChargeId", number());
inline_schema!(EntryId, "EntryId", number());
inline_schema!(EventId, "EventId", number());
inline_schema!(TokenName, "TokenName", identifier());
inline_schema!(
    Actor,
    "Actor",
    json_schema!({ "type": "string", "minLength": 1, "maxLength": Self::MAX, "pattern": format!("^[^{HARMFUL}]*$") })
);
inline_schema!(Key, "Key", json_schema!({ "type": "string", "pattern": "^[!-~]{1,255}$" }));
inline_schema!(
    Name,
    "Name",
    json_schema!({ "type": "string", "minLength": 1, "maxLength": Self::MAX, "pattern": format!("^[^{HARMFUL}]*$") })
);
inline_schema!(NewName, "NewName", {
    let pattern = format!("^[^{HARMFUL}]*[^{HARMFUL}{BLANK}][^{HARMFUL}]*$");
    json_schema!({ "type": "string", "minLength": 1, "maxLength": Name::MAX, "pattern": pattern })
});
inline_schema!(NewId, "NewId", {
    let (first, any) = ("[A-Za-z0-9_@-]", "[A-Za-z0-9._@-]");
    let pattern = format!(r"^({first}{any}{{0,63}}|\.{first}{any}{{0,62}}|\.\.{any}{{1,62}})$");
    json_schema!({ "type": "string", "pattern": pattern })
});
inline_schema!(Amount, "Amount", json_schema!({ "type": "integer", "minimum": 0, "maximum": LIMIT }));
inline_schema!(Stock, "Stock", json_schema!({ "type": "integer", "minimum": 0, "maximum": LIMIT }));
inline_schema!(Quantity, "Quantity", json_schema!({ "type": "integer", "minimum": 1, "maximum": Self::MAX }));
inline_schema!(Time, "Time", json_schema!({ "type": "string", "format": "date-time" }));
inline_schema!(Digest, "Digest", json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }));

/// Describes the name of something new, which has a visible character.
pub(crate) struct NewName;

/// Describes the identifier of something new, which is neither `.` nor `..`.
pub(crate) struct NewId;

/// The characters that no name may contain, as a class of a regular expression.
const HARMFUL: &str = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069";

/// The invisible characters, of which a name must not consist entirely. The rare ones past U+FFFF are left out, since not
/// every regular expression engine can name them in a class.
const BLANK: &str = r"\u0020\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202f\u205f-\u2065\u206a-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb";

fn number() -> Schema {
    json_schema!({ "type": "integer", "format": "int64" })
}

fn identifier() -> Schema {
    json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._@-]{1,64}$" })
}

/// The units to add to a stock, or to remove where negative.
pub(crate) fn delta(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": -LIMIT, "maximum": LIMIT, "not": { "const": 0 } })
}

/// The start or the end of a period.
pub(crate) fn end(_: &mut SchemaGenerator) -> Schema {
    let (date, time) = (r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}:\d{2}(\.\d+)?");
    let pattern = format!(r"^{date}([Tt ]{time}([Zz]|[+-]\d{{2}}:\d{{2}}))?$");
    json_schema!({ "type": ["string", "null"], "pattern": pattern })
}
