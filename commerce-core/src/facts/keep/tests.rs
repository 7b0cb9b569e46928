//! What a group leaves behind for the next.

use super::*;
use crate::facts::Keys;
use crate::number::Number;
use crate::testing::{Shop, id, shop};

fn stocked() -> Shop {
    let shop =
        shop().user("kim", 500).product("mug", 300, 7).line("kim", "mug", 1, 300).token("door", "first");
    shop.order(8, "kim", &[("mug", 1)])
}

fn keys() -> Keys {
    let (users, products, carts) = (vec![id("kim")], vec![id("mug")], vec![id("kim")]);
    let (orders, tokens) = (vec![Number::stored(8)], vec![id("door")]);
    Keys { users, products, carts, orders, tokens, ..Keys::default() }
}

/// Whether the user, the product, the cart, the order and the token are known.
fn known(facts: &Facts) -> [bool; 5] {
    [
        facts.find_user(&id("kim")).is_some(),
        facts.find_product(&id("mug")).is_some(),
        !facts.cart(&id("kim")).is_empty(),
        facts.order(Number::stored(8)).is_ok(),
        facts.find_token(&id("door")).is_some(),
    ]
}

#[test]
fn users_and_products_are_kept_for_the_next_group() {
    let mut facts = stocked().facts(&keys());
    assert_eq!(known(&facts), [true; 5]);
    facts.raise_newest_time(Time::from_millis(2_000));
    facts.adjust_stock(&id("mug"), Stock::default(), None, Time::default());
    assert_ne!(facts.changes(), []);
    facts.mark_stored();
    assert_eq!(known(&facts), [true, true, false, false, false]);
    assert_eq!(facts.changes(), [], "what is stored is not stored again");
    assert!(!facts.is_unloaded());
}

#[test]
fn a_group_that_was_not_stored_leaves_nothing() {
    let mut facts = stocked().facts(&keys());
    facts.forget();
    assert_eq!(known(&facts), [false; 5]);
    assert!(facts.is_unloaded());
}

#[test]
fn memory_has_room_for_so_many_rows_and_no_more() {
    let mut facts = stocked().facts(&keys());
    let mug = facts.find_product(&id("mug")).unwrap().clone();
    for number in 2..Facts::MAX_ROWS {
        facts.load_product(id(&number.to_string()), mug.clone());
    }
    facts.mark_stored();
    assert!(known(&facts)[0], "one user and one product fewer than there is room for");
    facts.load_product(id("one-too-many"), mug);
    facts.mark_stored();
    assert!(facts.is_unloaded() && !known(&facts)[0]);
}

#[test]
fn orders_that_are_answered_again_are_loaded_unless_they_are_known() {
    let kept = |order| KeptAnswer { digest: 1, reply: KeptReply::Order(Number::stored(order)) };
    let mut facts = stocked().facts(&keys());
    for (key, order) in [("a", 8), ("b", 9)] {
        facts.load_key(Key::stored(key.into()), 0, kept(order));
    }
    facts.load_key(Key::stored("c".into()), 0, KeptAnswer { digest: 1, reply: KeptReply::Json("{}".into()) });
    assert_eq!(facts.replayed_orders(), [Number::stored(9)]);
}

#[test]
fn an_order_that_was_changed_in_the_group_is_not_loaded_over() {
    let mut facts = stocked().facts(&keys());
    let stored = facts.order(Number::stored(8)).unwrap().clone();
    facts.cancel_order(Number::stored(8), Number::stored(1), None, Time::default());
    facts.load_order(stored);
    assert!(facts.order(Number::stored(8)).unwrap().cancelled_at.is_some());
}

#[test]
fn another_edition_is_believed_in_nothing() {
    let edition = |changes| Edition { store: "the store".into(), changes };
    let mut facts = stocked().facts(&keys());
    facts.set_edition(edition(1));
    assert!(!facts.take_edition_changed(), "the first edition contradicts nothing");
    facts = stocked().facts(&keys());
    facts.edition = Some(edition(1));
    facts.set_edition(edition(1));
    assert!(known(&facts)[0] && !facts.take_edition_changed());
    facts.set_edition(edition(2));
    assert_eq!((known(&facts)[..2].to_vec(), facts.take_edition_changed()), (vec![false; 2], true));
}

#[test]
fn keys_that_are_old_enough_go_and_the_last_that_was_looked_at_is_told() {
    let mut facts = Facts::default();
    assert_eq!(facts.drop_keys_before(Time::from_millis(5)), None);
    for (key, at) in [("a", 4), ("b", 5), ("c", 1), ("d", 6)] {
        facts.load_aged_key(key.into(), 7, Time::from_millis(at));
    }
    assert_eq!(facts.drop_keys_before(Time::from_millis(5)), Some((4, ("d".into(), 7))));
    let text = crate::testing::changes(&shop(), &mut facts);
    let deleted = text.lines().take(2).collect::<Vec<_>>();
    assert_eq!(deleted, ["delete keys key=a user_no=7", "delete keys key=c user_no=7"]);
    assert_eq!(facts.drop_keys_before(Time::from_millis(5)), None, "looked at once");
}
