//! What is done once under a key, also where an earlier version kept it in another way.

use serde_json::{Value, json};

use super::*;
use crate::cart;
use crate::order::{Cancel, Order, Place};
use crate::testing::{Shop, decide, needs, read, shop};
use crate::wallet::Charge;

fn stocked() -> Shop {
    let shop = shop().user("lee", 5_000).user("kim", 5_000).product("mug", 300, 7).product("pen", 50, 100);
    shop.order(8, "kim", &[("mug", 2), ("pen", 1)])
}

fn key() -> Key {
    Key::stored("k".into())
}

/// The reply, and whether it was given before; or the code of the refusal.
fn outcome<O: Operation>(shop: &Shop, operation: &O) -> Result<(Value, bool), &'static str> {
    let mut facts = shop.facts(&needs(&[operation], Some(&key())));
    match decide(operation, Some(&key()), &mut facts) {
        Ok(answer) => Ok((answer.reply, answer.replayed)),
        Err(Error::Refused(refusal)) => Err(refusal.code()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn contents_are_told_apart_as_they_always_were() {
    // Keys that are kept in stores were made with these.
    assert_eq!(digest(&read::<Charge>(&json!({ "user": "kim", "amount": 300 }))), -7_850_447_158_800_236_728);
    assert_eq!(
        digest(&read::<cart::Add>(&json!({ "user": "kim", "product": "mug", "quantity": 2 }))),
        5_762_325_014_807_262_565
    );
    let items = json!([{ "product": "mug", "quantity": 2 }, { "product": "pen", "quantity": 1 }]);
    assert_eq!(digest(&read::<Place>(&json!({ "user": "kim", "items": items }))), -5_004_679_772_255_453_116);
}

#[test]
fn the_same_fields_of_another_operation_are_other_content() {
    let line = json!({ "user": "kim", "product": "mug", "quantity": 2 });
    let (add, set) = (read::<cart::Add>(&line), read::<cart::Set>(&line));
    let shop = stocked().kept("k", 2, digest(&add), &outcome(&stocked(), &add).unwrap().0);
    assert!(outcome(&shop, &add).unwrap().1);
    assert_eq!(outcome(&shop, &set), Err("key_reused"));
}

#[test]
fn a_key_is_its_users_own() {
    let charge = |user: &str| read::<Charge>(&json!({ "user": user, "amount": 300 }));
    let shop =
        stocked().kept("k", 2, digest(&charge("kim")), &outcome(&stocked(), &charge("kim")).unwrap().0);
    assert!(outcome(&shop, &charge("kim")).unwrap().1);
    assert!(!outcome(&shop, &charge("lee")).unwrap().1);
    assert_eq!(outcome(&shop, &charge("no")), Err("user_not_found"));
}

#[test]
fn what_was_kept_as_it_was_named_is_known_as_it_was_named() {
    let pen_first = json!([{ "product": "pen", "quantity": 1 }, { "product": "mug", "quantity": 2 }]);
    let mug_first = json!([{ "product": "mug", "quantity": 2 }, { "product": "pen", "quantity": 1 }]);
    let place = |items: &Value| read::<Place>(&json!({ "user": "kim", "items": items }));
    let (named, sorted) = (place(&pen_first), place(&mug_first));
    let reply = outcome(&stocked(), &named).unwrap().0;
    assert_ne!(digest(&named), digest(&sorted));
    let before = stocked().kept("k", 2, digest(&named), &reply);
    assert_eq!(outcome(&before, &named), Ok((reply.clone(), true)));
    assert_eq!(outcome(&before, &sorted), Err("key_reused"));
    let now = stocked().kept("k", 2, digest(&sorted), &reply);
    assert_eq!(outcome(&now, &named), Ok((reply.clone(), true)));
    assert_eq!(outcome(&now, &sorted), Ok((reply, true)));
}

#[test]
fn a_cancellation_that_was_kept_for_the_store_is_known_and_stands_in_nobodys_way() {
    let cancel = |order: i64| read::<Cancel>(&json!({ "order": order }));
    let reply = outcome(&stocked(), &cancel(8)).unwrap().0;
    let shop = stocked().order(9, "kim", &[("pen", 1)]).kept("k", 0, digest(&cancel(8)), &reply);
    assert_eq!(outcome(&shop, &cancel(8)), Ok((reply, true)));
    assert!(!outcome(&shop, &cancel(9)).unwrap().1);
    assert_eq!(outcome(&shop, &cancel(7)), Err("order_not_found"));
    let charge = read::<Charge>(&json!({ "user": "kim", "amount": 300 }));
    let of_the_store = stocked().kept("k", 0, digest(&charge), &json!({}));
    assert!(!outcome(&of_the_store, &charge).unwrap().1, "a charge has no order");
}

#[test]
fn an_order_is_answered_again_as_it_was_placed_and_as_it_was_cancelled() {
    let mug = json!({ "user": "kim", "items": [{ "product": "mug", "quantity": 1 }] });
    let (place, cancel) = (read::<Place>(&mug), read::<Cancel>(&json!({ "order": 41, "reason": "late" })));
    let keys = needs(&[&place as &dyn Submit<Reply = Order>, &cancel], Some(&key()));
    let mut facts = stocked().facts(&keys);
    let other = Key::stored("other".into());
    let placed = decide(&place, Some(&key()), &mut facts).unwrap().reply;
    let cancelled = decide(&cancel, Some(&other), &mut facts).unwrap().reply;
    assert_eq!((&placed["status"], &cancelled["status"]), (&json!("paid"), &json!("cancelled")));
    assert_eq!(decide(&place, Some(&key()), &mut facts).unwrap().reply, placed);
    assert_eq!(decide(&cancel, Some(&other), &mut facts).unwrap().reply, cancelled);
}

#[test]
fn a_reply_of_another_kind_is_of_a_key_that_was_reused() {
    let place = read::<Place>(&json!({ "user": "kim", "items": [{ "product": "mug", "quantity": 1 }] }));
    let charge = read::<Charge>(&json!({ "user": "kim", "amount": 300 }));
    let order = outcome(&stocked(), &place).unwrap().0;
    assert_eq!(outcome(&stocked().kept("k", 2, digest(&charge), &order), &charge), Err("key_reused"));
    assert_eq!(outcome(&stocked().kept("k", 2, digest(&place), &json!({})), &place), Err("key_reused"));
}

#[test]
fn any_operation_is_decided_as_its_own_type_and_answered_as_json() {
    let place = || read::<Place>(&json!({ "user": "kim", "items": [{ "product": "mug", "quantity": 1 }] }));
    let any = AnyOperation::new(place());
    let mut facts = stocked().facts(&needs(&[&any], None));
    let answer =
        any.decide(&Caller::unrestricted(), None, &mut facts, &|_| Ok(Time::from_millis(1_000))).unwrap();
    let typed = outcome(&stocked(), &place()).unwrap().0;
    assert_eq!((Value::receive(answer.reply).unwrap(), answer.replayed), (typed, false));
}
