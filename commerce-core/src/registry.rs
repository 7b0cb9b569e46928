//! The one list of operations and the one list of queries that can be named, and how each is read from JSON.

use serde_json::Value;

use crate::input::{Fields, Invalid};
use crate::operation::{Operation, Submission};
use crate::query::{AnyQuery, Query};
use crate::submit::AnyOperation;
use crate::{cart, catalog, order, outbox, sales, token, user, wallet};

/// Reads `{"op": "order.place", …}` with the operation's fields and, if wanted, `key` and `at`.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse_operation(value: &Value) -> Result<Submission<AnyOperation>, Invalid> {
    Fields::read(value, |fields| {
        let name: String = fields.required("op")?;
        let Some((_, parse)) = OPERATIONS.iter().find(|(known, _)| *known == name) else {
            fields.give_up();
            return fields.fault("op", unknown(&name));
        };
        let (key, at) = (fields.optional("key"), fields.optional("at"));
        let operation = parse(fields);
        Some(Submission { operation: operation?, key: key?, at: at?, chain: None })
    })
}

/// The names of all operations that [`parse_operation`] reads.
pub fn operation_names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(name, _)| *name)
}

type ParseOperation = fn(&mut Fields<'_>) -> Option<AnyOperation>;
type ParseQuery = fn(&mut Fields<'_>) -> Option<AnyQuery>;

fn unknown(name: &str) -> String {
    if [token::Create::NAME, token::Revoke::NAME].contains(&name) {
        return "is not taken here: tokens are made and revoked by their own commands and routes".into();
    }
    let known: Vec<_> = operation_names().collect();
    format!("is no operation; there are {}", known.join(", "))
}

/// Every operation that can be named in a line. Those on tokens are only for doors that know who asks.
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

/// Reads the fields of the query `name`.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse_query(name: &str, fields: &Value) -> Result<AnyQuery, Invalid> {
    let Some((_, parse)) = QUERIES.iter().find(|(known, _)| *known == name) else {
        return Err(Invalid::at("", format!("{} is no query", crate::text::quoted(name))));
    };
    Fields::read(fields, parse)
}

/// The names of all queries that [`parse_query`] reads.
pub fn query_names() -> impl Iterator<Item = &'static str> {
    QUERIES.iter().map(|(name, _)| *name)
}

/// Every query there is.
const QUERIES: [(&str, ParseQuery); 16] = [
    query::<user::Get>(),
    query::<user::List>(),
    query::<wallet::Balance>(),
    query::<wallet::History>(),
    query::<catalog::List>(),
    query::<catalog::Get>(),
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
