//! The one list of operations and the one list of queries that can be named, and how each is read from JSON.

use serde_json::Value;

use crate::input::{Fields, Invalid};
use crate::operation::{Operation, Submission};
use crate::query::{AnyQuery, Query};
use crate::submit::AnyOperation;
use crate::{cart, catalog, order, outbox, sales, token, user, wallet};

/// Reads `{"op": "order.place", …}` with the operation's fields and, optionally `key` and `at`.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse_operation(value: &Value) -> Result<Submission<AnyOperation>, Invalid> {
    Fields::read(value, |fields| {
        let name: String = fields.required("op")?;
        let Some((_, parse)) = OPERATIONS.iter().find(|(known, _)| *known == name) else {
            fields.accept_unknown();
            return fields.fault("op", unknown_operation(&name));
        };
        let (key, at) = (fields.optional("key"), fields.optional("at"));
        let operation = parse(fields);
        let submission = Submission::new(operation?);
        Some(Submission { key: key?, at: at?, ..submission })
    })
}

/// The names of all operations that [`parse_operation`] reads.
pub fn operation_names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(name, _)| *name)
}

/// Reads the fields of the query `name`.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse_query(name: &str, fields: &Value) -> Result<AnyQuery, Invalid> {
    let Some((_, parse)) = QUERIES.iter().find(|(known, _)| *known == name) else {
        return Err(Invalid::at("", format!("{} is not a query", crate::text::quoted(name))));
    };
    Fields::read(fields, parse)
}

/// The names of all queries that [`parse_query`] reads.
pub fn query_names() -> impl Iterator<Item = &'static str> {
    QUERIES.iter().map(|(name, _)| *name)
}

type ParseOperation = fn(&mut Fields<'_>) -> Option<AnyOperation>;
type ParseQuery = fn(&mut Fields<'_>) -> Option<AnyQuery>;

fn unknown_operation(name: &str) -> String {
    if [token::Create::NAME, token::Revoke::NAME].contains(&name) {
        return "is not accepted here: tokens are created and revoked by their own commands".into();
    }
    let known: Vec<_> = operation_names().collect();
    format!("is not an operation; the operations are {}", known.join(", "))
}

/// Every operation that can be named in a line. Those on tokens have their own commands.
const OPERATIONS: [(&str, ParseOperation); 13] = [
    operation::<user::Add>(),
    operation::<wallet::Charge>(),
    operation::<catalog::Add>(),
    operation::<catalog::Update>(),
    operation::<catalog::Adjust>(),
    operation::<cart::Add>(),
    operation::<cart::Set>(),
    operation::<cart::Remove>(),
    operation::<cart::Clear>(),
    operation::<order::Place>(),
    operation::<cart::Checkout>(),
    operation::<order::Cancel>(),
    operation::<outbox::Retry>(),
];

const fn operation<O: Operation>() -> (&'static str, ParseOperation) {
    (O::NAME, |fields| O::parse(fields).map(AnyOperation::new))
}

/// Every query there is.
const QUERIES: [(&str, ParseQuery); 17] = [
    query::<user::Get>(),
    query::<user::List>(),
    query::<wallet::Balance>(),
    query::<wallet::History>(),
    query::<catalog::List>(),
    query::<catalog::Get>(),
    query::<catalog::StockHistory>(),
    query::<cart::Get>(),
    query::<order::Get>(),
    query::<order::List>(),
    query::<sales::Top>(),
    query::<sales::Series>(),
    query::<outbox::List>(),
    query::<outbox::Since>(),
    query::<outbox::Newest>(),
    query::<outbox::Lag>(),
    query::<token::List>(),
];

const fn query<Q: Query>() -> (&'static str, ParseQuery) {
    (Q::NAME, |fields| Q::parse(fields).map(AnyQuery::new))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::query::Answerable;
    use crate::submit::Submit;
    use crate::testing::{id, needs};

    #[test]
    fn an_operation_is_read_by_its_name_with_its_key_and_time() {
        let line = json!({ "op": "wallet.charge", "user": "kim", "amount": 1, "key": "k", "at": "1970-01-01T00:00:00.007Z" });
        let submission = parse_operation(&line).unwrap();
        assert_eq!(submission.key.unwrap().as_str(), "k");
        assert_eq!(submission.at.unwrap().millis(), 7);
        assert_eq!(needs(&[&submission.operation], None).users, [id("kim")]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let fault = |line| parse_operation(&line).map(|_| ()).unwrap_err().to_string();
        let unknown = fault(json!({ "op": "user.remove" }));
        assert!(unknown.contains("/op: ") && unknown.contains("user.add, wallet.charge"), "{unknown}");
        for token in ["token.create", "token.revoke"] {
            assert_ne!(fault(json!({ "op": token })), unknown, "tokens have their own commands");
        }
        assert_eq!(fault(json!({ "op": "user.add" })), "/user: is missing");
    }

    #[test]
    fn what_travels_as_json_is_read_as_it_was() {
        let items = json!([{ "product": "mug", "quantity": 2 }, { "product": "pen", "quantity": 1 }]);
        // The sum is refused by a rule, not as malformed.
        let summed =
            json!([{ "product": "mug", "quantity": 1_000_000 }, { "product": "mug", "quantity": 7 }]);
        for line in [
            json!({ "op": "user.add", "user": "kim", "name": "Kim" }),
            json!({ "op": "wallet.charge", "user": "kim", "amount": 1 }),
            json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 300, "stock": 7 }),
            json!({ "op": "product.update", "product": "mug", "price": 250 }),
            json!({ "op": "product.update", "product": "mug", "if_match": "\"0123456789abcdef\"" }),
            json!({ "op": "stock.adjust", "product": "mug", "delta": -1, "reason": "broken" }),
            json!({ "op": "cart.add", "user": "kim", "items": items }),
            json!({ "op": "cart.set", "user": "kim", "items": [{ "product": "mug", "quantity": 0 }] }),
            json!({ "op": "order.place", "user": "kim", "items": summed }),
            json!({ "op": "cart.remove", "user": "kim", "products": ["mug", "pen"] }),
            json!({ "op": "cart.clear", "user": "kim" }),
            json!({ "op": "order.place", "user": "kim", "items": items, "expected_total": 650 }),
            json!({ "op": "cart.checkout", "user": "kim", "products": ["mug"] }),
            json!({ "op": "order.cancel", "order": 41, "reason": "late" }),
            json!({ "op": "event.retry", "events": [1, 2] }),
        ] {
            let submission = parse_operation(&line).unwrap();
            let (name, fields) = submission.operation.as_json().unwrap().unwrap();
            let mut read: Value = serde_json::from_slice(&fields).unwrap();
            read["op"] = name.into();
            assert_eq!(read, line);
        }
    }

    #[test]
    fn every_query_is_read_from_its_own_fields() {
        for (name, fields) in [
            ("user.get", json!({ "user": "kim" })),
            ("user.list", json!({ "search": "ki", "limit": 7 })),
            ("wallet.balance", json!({ "user": "kim" })),
            ("wallet.history", json!({ "user": "kim", "limit": 7, "cursor": "x" })),
            ("product.list", json!({ "search": "mug", "sort": "-price", "active": true })),
            ("product.get", json!({ "product": "mug" })),
            ("stock.history", json!({ "product": "mug", "limit": 7 })),
            ("cart.get", json!({ "user": "kim" })),
            ("order.get", json!({ "order": 41 })),
            (
                "order.list",
                json!({ "user": "kim", "status": "paid", "from": "2026-01-31", "to": "2026-02-01" }),
            ),
            ("sales.top", json!({ "days": 7, "limit": 9, "to": "2026-02-01", "by": "revenue" })),
            ("sales.series", json!({ "step": "hour", "count": 9, "to": "2026-02-01" })),
            ("event.list", json!({ "status": "dead" })),
            ("event.since", json!({ "after": 7, "limit": 9 })),
            ("event.newest", json!({})),
            ("event.lag", json!({})),
            ("token.list", json!({ "limit": 3 })),
        ] {
            let read = |fields: &Value| parse_query(name, fields).unwrap().fields().unwrap();
            let once = read(&fields);
            let object: Value = serde_json::from_slice(&once).unwrap();
            assert_eq!(read(&object), once, "{name} {object}");
            for (field, value) in fields.as_object().unwrap().iter().filter(|(_, value)| !value.is_string()) {
                assert_eq!(object[field], *value, "{name}");
            }
        }
    }

    #[test]
    fn every_name_in_the_lists_is_read_by_its_own_type() {
        let names: Vec<_> = operation_names().collect();
        assert_eq!((names.len(), names[0], names[12]), (13, "user.add", "event.retry"));
        let names: Vec<_> = query_names().collect();
        assert_eq!((names.len(), names[0], names[16]), (17, "user.get", "token.list"));
        assert!(parse_query("user.get", &json!({ "user": "kim" })).is_ok());
        assert!(parse_query("user.get", &json!({ "product": "mug" })).is_err());
        assert!(parse_query("user.got", &json!({ "user": "kim" })).is_err());
    }
}
