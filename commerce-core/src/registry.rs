//! The one list of operations and the one list of queries that can be named, and how each is read from JSON.

use serde_json::Value;

use crate::access::{Access, Caller};
use crate::input::{Faults, Fields, Invalid, RawFields};
use crate::operation::{Operation, Submission};
use crate::query::{AnyQuery, Query};
use crate::submit::AnyOperation;
use crate::{cart, catalog, order, outbox, sales, token, user, wallet};

/// Reads `{"op": "order.place", …}` with the operation's fields and, optionally `key` and `at`.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse_operation(value: &Value) -> Result<Submission<AnyOperation>, Invalid> {
    parse_operation_of(Caller::unrestricted(), value)
}

/// Reads an operation as [`parse_operation`] does, submitted by `caller`. A shopper may leave out the own user.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse_operation_of(caller: Caller, value: &Value) -> Result<Submission<AnyOperation>, Invalid> {
    let implied = implied_user(&caller, value);
    let read = Fields::read_with(value, implied.as_slice(), |fields| {
        let name: String = fields.required("op")?;
        let Some((.., parse)) = OPERATIONS.iter().find(|(known, ..)| *known == name) else {
            fields.accept_unknown();
            return fields.fault("op", unknown_operation(&name));
        };
        let (key, at) = (fields.optional("key"), fields.optional("at"));
        let operation = parse(fields);
        let submission = Submission::new(operation?);
        Some(Submission { key: key?, at: at?, ..submission })
    });
    read.map(|submission| submission.caller(caller))
}

/// Who may perform the operation `name`; None for what is not an operation of a line.
pub fn operation_access(name: &str) -> Option<Access> {
    OPERATIONS.iter().find(|(known, ..)| *known == name).map(|(_, access, _)| *access)
}

/// The names of all operations that [`parse_operation`] reads.
pub fn operation_names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(name, ..)| *name)
}

/// Reads the fields of the query `name`.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse_query(name: &str, fields: &Value) -> Result<AnyQuery, Invalid> {
    Fields::read(fields, find_query(name)?)
}

/// Reads the fields of the query `name` from a request, and reports what is wrong together with faults that were found
/// before. With `long`, a page may have up to [`Page::MAX_LONG`](crate::Page::MAX_LONG) rows.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse_raw_query(
    name: &str,
    faults: Faults,
    fields: &RawFields,
    long: bool,
) -> Result<AnyQuery, Invalid> {
    let parse = find_query(name)?;
    Fields::read_raw(faults, fields, |fields| {
        if long {
            fields.allow_long_pages();
        }
        parse(fields)
    })
}

/// Who may ask the query `name`; None for what is not a query.
pub fn query_access(name: &str) -> Option<Access> {
    QUERIES.iter().find(|(known, ..)| *known == name).map(|(_, access, _)| *access)
}

/// The names of all queries that [`parse_query`] reads.
pub fn query_names() -> impl Iterator<Item = &'static str> {
    QUERIES.iter().map(|(name, ..)| *name)
}

fn find_query(name: &str) -> Result<ParseQuery, Invalid> {
    let found = QUERIES.iter().find(|(known, ..)| *known == name);
    let unknown = || Invalid::at("", format!("{} is not a query", crate::text::quoted(name)));
    found.map(|(.., parse)| *parse).ok_or_else(unknown)
}

/// The field `user` of a shopper who left it out, where the operation takes it.
fn implied_user(caller: &Caller, value: &Value) -> Option<(String, String)> {
    let own = caller.own.as_ref()?;
    let takes_user = value["op"].as_str().and_then(operation_access) == Some(Access::OwnUser);
    (takes_user && value["user"].is_null()).then(|| ("user".into(), own.as_str().into()))
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
const OPERATIONS: [(&str, Access, ParseOperation); 13] = [
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

const fn operation<O: Operation>() -> (&'static str, Access, ParseOperation) {
    (O::NAME, O::ACCESS, |fields| O::parse(fields).map(AnyOperation::new))
}

/// Every query there is.
const QUERIES: [(&str, Access, ParseQuery); 17] = [
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

const fn query<Q: Query>() -> (&'static str, Access, ParseQuery) {
    (Q::NAME, Q::ACCESS, |fields| Q::parse(fields).map(AnyQuery::new))
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
    fn a_shopper_may_leave_out_the_own_user() {
        let shopper = |line: Value| parse_operation_of(Caller::shopper(id("kim")), &line);
        for line in [json!({ "op": "cart.clear" }), json!({ "op": "cart.clear", "user": null })] {
            assert_eq!(needs(&[&shopper(line.clone()).unwrap().operation], None).users, [id("kim")]);
            assert!(parse_operation(&line).is_err(), "an operator names a user");
        }
        let other = shopper(json!({ "op": "cart.clear", "user": "lee" })).unwrap();
        assert_eq!(
            (needs(&[&other.operation], None).users, other.caller.own),
            (vec![id("lee")], Some(id("kim")))
        );
        // It is not given to operations that take no user, or that no shopper may perform.
        assert!(shopper(json!({ "op": "order.cancel", "order": 7 })).is_ok());
        assert!(shopper(json!({ "op": "wallet.charge", "amount": 7 })).is_err());
    }

    #[test]
    fn only_long_pages_have_more_than_a_hundred_rows() {
        let read = |name: &str, limit: i64, long: bool| {
            let fields = json!({ "limit": limit }).as_object().cloned().unwrap();
            parse_raw_query(name, Faults::default(), &RawFields::new(fields), long).is_ok()
        };
        assert!(read("user.list", 100, false) && !read("user.list", 101, false));
        assert!(read("user.list", 1_000, true) && !read("user.list", 1_001, true));
        assert!(!read("sales.top", 101, true), "best sellers have no pages");
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
