//! That each statement reads the rows it is for, and that they become the facts they are, over SQLite in memory.

use rusqlite::Connection;
use rusqlite::types::Value as Stored;

use super::*;
use crate::number::Number;
use crate::store::schema::{FIRST_ROW, MIGRATIONS};
use crate::testing::id;
use crate::time::Time;
use crate::token::Role;

/// A shop with a row or two in every table, no two numbers alike.
const ROWS: &str = r#"
    UPDATE store SET last_at = 1001, last_user = 1002, last_product = 1003, last_movement = 1004, last_charge = 1005,
        last_entry = 1006, last_order = 1007, last_event = 1008, last_token = 1009, last_probe = 1010, last_actor = 1011,
        last_change = 1012;
    INSERT INTO users VALUES (7, 'kim', 'Kim', 0), (8, 'lee', NULL, 0), (9, 'pat', NULL, 0);
    INSERT INTO wallets VALUES (7, 500, 30, 31), (8, 100, 32, 0), (9, 200, 0, 0);
    INSERT INTO products VALUES (15, 'mug', 'Mug', '', 300, 1), (16, 'pen', 'Pen', '', 50, 0), (17, 'cup', 'Cup', '', 20, 1);
    INSERT INTO stocks VALUES (15, 70), (16, 71), (17, 72);
    INSERT INTO cart_lines VALUES (7, 17, 3, 2, 25), (7, 15, 4, 1, 300), (8, 16, 1, 1, 50);
    INSERT INTO orders VALUES (40, 8, 90, 10, 0, 5, NULL), (41, 9, 20, 80, 0, 6, 1);
    INSERT INTO order_lines VALUES (40960, 16, 'Old pen', 45, 2), (41984, 17, 'Cup', 20, 1);
    INSERT INTO cancellations VALUES (41, 33, 'late', 8, 9, NULL, 41);
    INSERT INTO outbox VALUES (48, 'OrderCompleted', 40), (50, 'OrderCompleted', 41), (51, 'OrderCancelled', 41);
    INSERT INTO deliveries VALUES (50, 3, 'no', 9, 1);
    UPDATE relay SET owner = 'a', term = 2, until = 3, settled = 49, pruned = 4, revived = 5, marked = 6, error = 'e', next_at = 7;
    INSERT INTO keys VALUES ('k', 7, 99, NULL, '{}', 4), ('k', 8, 98, 41, NULL, 4), ('l', 0, 97, NULL, 'null', 12);
    INSERT INTO tokens VALUES (60, 'door', 'shopper', 7, 'd1', 5, NULL, 70, 65),
        (61, 'desk', 'viewer', NULL, 'd2', 5, 6, NULL, NULL);
    INSERT INTO actors VALUES (1, 'desk');
    INSERT INTO sales_by_hour VALUES (3, 0, 9, 12, ''), (4, 0, 9, 14, '');
    INSERT INTO sales_by_day VALUES (3, 0, 9, 13, '');
"#;

fn store() -> Connection {
    let store = Connection::open_in_memory().unwrap();
    MIGRATIONS.iter().for_each(|step| store.execute_batch(step).unwrap());
    store.execute(FIRST_ROW, ["the store", "KRW"]).unwrap();
    store.execute_batch(ROWS).unwrap();
    store
}

fn run(store: &Connection, loads: &Loads, facts: &mut Facts) {
    let value = |value: &Value| match value {
        Value::Null => Stored::Null,
        Value::Integer(integer) => Stored::Integer(*integer),
        Value::Text(text) => Stored::Text(text.as_ref().into()),
    };
    let rows = |statement: &Statement| {
        let mut prepared = store.prepare(&statement.sql).unwrap();
        let width = prepared.column_count();
        let mut rows =
            prepared.query(rusqlite::params_from_iter(statement.values.iter().map(value))).unwrap();
        let mut values = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            values.extend((0..width).map(|column| match row.get(column).unwrap() {
                Stored::Integer(integer) => Value::Integer(integer),
                Stored::Text(text) => Value::Text(text.into()),
                _ => Value::Null,
            }));
        }
        Rows { values, width }
    };
    let answers: Vec<_> = loads.statements().iter().map(rows).collect();
    loads.read(facts, &answers).unwrap();
}

fn loaded(keys: &Keys) -> Facts {
    let mut facts = Facts::default();
    run(&store(), &Loads::missing(keys, &facts), &mut facts);
    facts
}

fn kim_and_mug() -> Keys {
    Keys { users: vec![id("kim")], products: vec![id("mug")], ..Keys::default() }
}

#[test]
fn the_row_of_the_store_is_read_once() {
    let mut facts = loaded(&Keys::default());
    let last = LastNumbers {
        at: Time::from_millis(1001),
        user: 1002,
        product: 1003,
        movement: 1004,
        charge: 1005,
        entry: 1006,
        order: 1007,
        event: 1008,
        token: 1009,
        probe: 1010,
        actor: 1011,
    };
    assert_eq!((facts.last, facts.stored_last), (last, Some(last)));
    assert_eq!(facts.edition, Some(Edition { store: "the store".into(), changes: 1012 }));
    assert_eq!(facts.changes(), []);
    assert!(Loads::missing(&Keys::default(), &facts).statements().is_empty());
}

#[test]
fn users_and_products_are_read_with_what_they_hold() {
    let facts = loaded(&kim_and_mug());
    let kim = facts.find_user(&id("kim")).unwrap();
    assert_eq!((kim.no, kim.wallet.balance.get()), (7, 500));
    let last = (kim.wallet.last_entry.map(Number::get), kim.wallet.last_order.map(Number::get));
    assert_eq!(last, (Some(30), Some(31)));
    let mug = facts.find_product(&id("mug")).unwrap();
    assert_eq!(
        (mug.no, mug.name.as_str(), mug.price.get(), mug.active, mug.stock.get()),
        (15, "Mug", 300, true, 70)
    );
    assert!(facts.find_user(&id("lee")).is_none() && facts.find_product(&id("pen")).is_none());
    assert!(Loads::missing(&kim_and_mug(), &facts).statements().is_empty());
}

#[test]
fn a_cart_comes_with_its_products() {
    let facts = loaded(&Keys { carts: vec![id("kim")], ..Keys::default() });
    let lines = facts.cart(&id("kim")).iter();
    let lines: Vec<_> = lines
        .map(|line| (line.product.as_str(), line.position, line.quantity.get(), line.price.get()))
        .collect();
    assert_eq!(lines, [("cup", 3, 2, 25), ("mug", 4, 1, 300)]);
    let stock = |product| facts.find_product(&id(product)).map(|product| product.stock.get());
    assert_eq!((stock("cup"), stock("mug"), stock("pen")), (Some(72), Some(70), None));
}

#[test]
fn an_order_comes_with_its_user_and_products() {
    let facts = loaded(&Keys { orders: vec![Number::stored(40)], ..Keys::default() });
    let order = facts.order(Number::stored(40)).unwrap();
    assert_eq!(
        serde_json::to_string(order).unwrap(),
        r#"{"order":40,"user":"lee","status":"paid","items":[{"product":"pen","name":"Old pen","price":45,"quantity":2,"amount":90}],"total":90,"balance":10,"at":"1970-01-01T00:00:00.005Z"}"#
    );
    assert_eq!(facts.find_user(&id("lee")).unwrap().no, 8);
    assert!(!facts.find_product(&id("pen")).unwrap().active);
    let mut facts = Facts::default();
    run(&store(), &Loads::orders(&[Number::stored(41)]), &mut facts);
    assert_eq!(facts.order(Number::stored(41)).unwrap().reason.as_ref().unwrap().as_str(), "late");
    assert!(Loads::orders(&[]).statements().is_empty());
}

#[test]
fn keys_tokens_events_and_sums_are_read_as_they_are_kept() {
    let facts = loaded(&Keys {
        keys: vec![Key::stored("k".into())],
        tokens: vec![id("door")],
        digests: vec![Digest::stored("d2".into())],
        events: vec![Number::stored(48), Number::stored(50), Number::stored(51)],
        relay: true,
        sums: vec![(Period::Hour, 3), (Period::Day, 3), (Period::Day, 4)],
        ..Keys::default()
    });
    let kept = |scope| {
        facts.kept_answer(&Key::stored("k".into()), scope).map(|kept| (kept.digest, kept.reply.clone()))
    };
    assert_eq!(kept(7), Some((99, KeptReply::Json("{}".into()))));
    assert_eq!(kept(8), Some((98, KeptReply::Order(Number::stored(41)))));
    assert_eq!((kept(0), facts.replayed_orders()), (None, vec![Number::stored(41)]));
    let door = facts.tokens.get(&id("door")).unwrap();
    assert_eq!((door.no, door.user_no, door.digest.as_str()), (60, Some(7), "d1"));
    assert_eq!((door.token.role, door.token.user.clone()), (Role::Shopper, Some(id("kim"))));
    assert_eq!(facts.find_token(&id("desk")).unwrap().revoked_at, Some(Time::from_millis(6)));
    assert!(
        facts.knows_digest(&Digest::stored("d2".into())) && !facts.knows_digest(&Digest::stored("d3".into()))
    );
    let event = |event| facts.event(Number::stored(event)).map(|event| event.as_str());
    assert_eq!(
        [event(48), event(50), event(51), event(52)],
        [Some("delivered"), Some("dead"), Some("pending"), None]
    );
    assert_eq!(
        format!("{:?}", facts.relay().row().map(|value| value.optional_int())),
        "[Some(1), None, Some(2), Some(3), Some(49), Some(4), Some(5), Some(6), None, Some(7)]"
    );
    let mut sums: Vec<_> =
        facts.sums.iter().map(|((period, no), entry)| format!("{period:?} {no} {entry:?}")).collect();
    sums.sort_unstable();
    assert_eq!(sums, ["Day 3 13", "Hour 3 12"]);
}

#[test]
fn aged_keys_follow_one_another_in_their_order() {
    let mut facts = Facts::default();
    let mut loads = Loads::default();
    loads.add_aged_keys("k".into(), 7, 2);
    run(&store(), &loads, &mut facts);
    let keys: Vec<_> =
        facts.aged_keys.iter().map(|(key, scope, at)| (key.as_ref(), *scope, at.millis())).collect();
    assert_eq!(keys, [("k", 8, 4), ("l", 0, 12)]);
}

#[test]
fn after_a_write_of_another_only_what_changes_all_the_time_is_read() {
    let (store, keys) = (store(), kim_and_mug());
    let mut facts = Facts::default();
    run(&store, &Loads::missing(&keys, &facts), &mut facts);
    facts.mark_stored();
    facts.mark_stale();
    store.execute_batch("UPDATE wallets SET balance = 501; UPDATE stocks SET stock = 99").unwrap();
    let loads = Loads::missing(&keys, &facts);
    let read: Vec<_> = loads.statements().iter().map(|statement| statement.sql.as_ref()).collect();
    assert_eq!(read, [LAST, WALLETS, STOCKS]);
    run(&store, &loads, &mut facts);
    assert!(!facts.take_edition_changed());
    assert_eq!(facts.find_user(&id("kim")).unwrap().wallet.balance.get(), 501);
    assert_eq!(facts.find_product(&id("mug")).unwrap().stock.get(), 99);
}

#[test]
fn after_a_name_was_changed_by_another_all_is_read() {
    let (store, keys) = (store(), kim_and_mug());
    let mut facts = Facts::default();
    run(&store, &Loads::missing(&keys, &facts), &mut facts);
    facts.mark_stored();
    facts.mark_stale();
    store.execute_batch("UPDATE products SET name = 'Cup' WHERE product = 'mug'").unwrap();
    run(&store, &Loads::missing(&keys, &facts), &mut facts);
    assert!(facts.take_edition_changed() && !facts.take_edition_changed(), "asked once");
    assert!(facts.find_user(&id("kim")).is_none() && facts.find_product(&id("mug")).is_none());
    run(&store, &Loads::users_and_products(&keys, &facts), &mut facts);
    assert_eq!(facts.find_user(&id("kim")).unwrap().no, 7);
    assert_eq!(facts.find_product(&id("mug")).unwrap().name.as_str(), "Cup");
}
