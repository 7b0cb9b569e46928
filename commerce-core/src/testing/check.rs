//! Checks of operations: one that is done, each refusal in its order, and what an idempotency key does.

use serde_json::Value as Json;

use super::{CLOCK, NOW, Shop, changes};
use crate::access::Caller;
use crate::error::Error;
use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::input::Fields;
use crate::operation::{Answer, Operation, Reply};
use crate::row::Value;
use crate::submit::{Receive, Submit, ToJson};
use crate::time::Time;

/// Checks that an operation is done: `expect` has its reply as JSON on the first line, and below it every changed row.
#[track_caller]
pub(crate) fn check<O: Operation>(shop: &Shop, operation: Json, expect: &str) {
    check_value(shop, &read::<O>(&operation), expect);
}

/// Checks the same of an operation that has no JSON form.
#[track_caller]
pub(crate) fn check_value(shop: &Shop, operation: &impl Submit<Reply: Reply>, expect: &str) {
    check_by(shop, &Caller::unrestricted(), operation, expect);
}

/// Checks the same of an operation of this caller.
#[track_caller]
pub(crate) fn check_by(shop: &Shop, caller: &Caller, operation: &impl Submit<Reply: Reply>, expect: &str) {
    let mut needs = needs(&[operation], None);
    needs.actors.extend(caller.actor.clone());
    let mut facts = shop.facts(&needs);
    let outcome = match decide_by(caller, operation, None, &mut facts) {
        Ok(answer) => format!("{}\n{}", answer.reply, changes(shop, &mut facts)),
        Err(error) => describe(&error),
    };
    same(&outcome, expect);
}

/// Checks that an operation is done, whatever it changes.
#[track_caller]
pub(crate) fn done<O: Operation>(shop: &Shop, operation: Json) {
    assert_eq!(refusal(shop, &read::<O>(&operation)), "", "{operation}");
}

/// A shop and an operation on it, as a row of [`refusals`] changes them.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) shop: Shop,
    pub(crate) operation: Json,
}

/// Changes a case so that it is refused.
pub(crate) type Spoil = fn(&mut Case);

const NOTHING: Spoil = |_| {};

/// Checks every refusal of an operation that is done otherwise. `rows` are in the contract's order. Each refusal is
/// checked alone, with all its facts, and together with each later one, where the earlier one must be the answer. None
/// of them may change anything.
#[track_caller]
pub(crate) fn refusals<O: Operation>(shop: Shop, operation: Json, rows: &[(Spoil, &str)]) {
    let case = Case { shop, operation };
    let outcome = |case: &Case| refusal(&case.shop, &read::<O>(&case.operation));
    assert_eq!(outcome(&case), "", "done as it is");
    for (place, (spoil, expect)) in rows.iter().enumerate() {
        for (later, other) in std::iter::once(&(NOTHING, *expect)).chain(&rows[place + 1..]) {
            let mut case = case.clone();
            later(&mut case);
            spoil(&mut case);
            let found = outcome(&case);
            let whole = expect == other || code(expect) != code(other);
            let (found, expect) =
                if whole { (found.as_str(), *expect) } else { (code(&found), code(expect)) };
            assert_eq!(found, expect, "before {other}: {}", case.operation);
        }
    }
}

/// Checks what an idempotency key does. The first of `same` is done. All of `same` are then answered with its reply and
/// change nothing, and all of `other` are refused, both in that group and in a later one, where nothing can be done any
/// more. `scope` is the number of the user whose key it is, or 0 for the store.
#[track_caller]
pub(crate) fn keys<O: Operation>(shop: &Shop, scope: i64, same: &[Json], other: &[Json]) {
    let (key, read) =
        (Key::try_from("k").unwrap(), |all: &[Json]| all.iter().map(read::<O>).collect::<Vec<_>>());
    let (same, other) = (read(same), read(other));
    let all: Vec<_> = same.iter().chain(&other).collect();
    let needs = needs(&all, Some(&key));
    let mut facts = shop.facts(&needs);
    let first = decide(&same[0], Some(&key), &mut facts).unwrap();
    assert!(!first.replayed);
    let settle = |facts: &mut Facts| {
        let changes = facts.changes();
        facts.check_invariants().unwrap();
        changes
    };
    again(&mut facts, &key, &first.reply, &same, &other);
    let changes = settle(&mut facts);
    let row_of = |table: &str| {
        let change = changes.iter().find(|change| change.table.name == table);
        change.map_or_else(Vec::new, |change| change.values.clone())
    };
    let row = row_of("keys");
    let kept = [Value::Text(key.shared()), Value::Integer(scope), Value::Integer(CLOCK)];
    assert_eq!([&row[0], &row[1], &row[5]], [&kept[0], &kept[1], &kept[2]], "the row of the key");
    let mut spent = shop.clone();
    spent.spend_everything();
    if let [_, user, ..] = &row_of("users")[..] {
        spent = spent.user(&user.text(), 0);
    }
    let spent = spent.kept("k", scope, row[2].int(), &first.reply);
    let mut facts = spent.facts(&needs);
    again(&mut facts, &key, &first.reply, &same, &other);
    assert_eq!(settle(&mut facts), []);
}

fn again<O: Operation>(facts: &mut Facts, key: &Key, reply: &Json, same: &[O], other: &[O]) {
    let before = facts.last;
    for operation in same {
        let answer = decide(operation, Some(key), facts).unwrap();
        assert_eq!((&answer.reply, answer.replayed), (reply, true));
    }
    for operation in other {
        let error = decide(operation, Some(key), facts).unwrap_err();
        assert_eq!(describe(&error), r#"key_reused {"key":"k"}"#);
    }
    assert_eq!(facts.last, before);
}

/// Decides at [`NOW`].
pub(crate) fn decide<S: Submit<Reply: Reply>>(
    operation: &S,
    key: Option<&Key>,
    facts: &mut Facts,
) -> Result<Answer<Json>, Error> {
    decide_by(&Caller::unrestricted(), operation, key, facts)
}

fn decide_by<S: Submit<Reply: Reply>>(
    caller: &Caller,
    operation: &S,
    key: Option<&Key>,
    facts: &mut Facts,
) -> Result<Answer<Json>, Error> {
    let Answer { reply, replayed } =
        Submit::decide(operation, caller, key, facts, &|_| Ok(Time::from_millis(NOW)))?;
    Ok(Answer { reply: S::Reply::receive(reply)?.to_json()?, replayed })
}

/// The rows that operations need.
pub(crate) fn needs<O: Submit + ?Sized>(operations: &[&O], key: Option<&Key>) -> Keys {
    let mut keys = Keys::default();
    operations.iter().for_each(|operation| Submit::needs(*operation, &mut keys));
    keys.keys.extend(key.cloned());
    keys
}

/// Compares line by line, without indentation.
#[track_caller]
fn same(found: &str, expect: &str) {
    let lines =
        |text: &str| text.trim().lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n");
    let (found, expect) = (lines(found), lines(expect));
    assert!(found == expect, "\nfound:\n{found}\n\nexpected:\n{expect}\n");
}

/// The refusal of an operation, or an empty text when it is done.
pub(crate) fn refusal(shop: &Shop, operation: &impl Operation) -> String {
    let mut facts = shop.facts(&needs(&[operation], None));
    let outcome = decide(operation, None, &mut facts);
    let changes = changes(shop, &mut facts);
    let Err(error) = outcome else { return String::new() };
    assert_eq!(changes, "", "refused, and yet changed: {error}");
    describe(&error)
}

/// The code of a refusal and its facts as JSON.
fn describe(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => {
            let mut facts = serde_json::to_value(refusal).unwrap();
            let facts = facts.as_object_mut().unwrap();
            facts.shift_remove("detail");
            facts.shift_remove("code");
            format!("{} {}", refusal.code(), Json::Object(facts.clone()))
        }
        Error::Invalid(invalid) => {
            let pointers: Vec<_> = invalid.0.iter().map(|fault| fault.pointer.as_str()).collect();
            format!("invalid_request {}", pointers.join(" "))
        }
        other => panic!("{other}"),
    }
}

fn code(refusal: &str) -> &str {
    refusal.split(' ').next().unwrap_or_default()
}

/// Where the JSON of an operation has faults, as JSON pointers; empty when it can be read.
pub(crate) fn faults<O: Operation>(operation: &Json) -> String {
    let Err(invalid) = Fields::read(operation, O::parse) else { return String::new() };
    invalid.0.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn read<O: Operation>(operation: &Json) -> O {
    Fields::read(operation, O::parse).unwrap_or_else(|error| panic!("{operation}: {error}"))
}
