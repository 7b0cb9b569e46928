//! Tests events in their envelopes. They are rendered from rows that never change, so they are the same at every read.

use commerce_core::outbox::Relay;
use commerce_core::outbox::sink::FileSink;
use rusqlite::Connection;
use serde_json::json;

use crate::relay::{charged, quick};
use crate::shop::Shop;

#[test]
fn an_envelope_is_a_cloud_event_and_stays_the_same() {
    let shop = Shop::new();
    shop.submit(&json!({ "op": "user.add", "user": "alice" }));
    shop.submit(
        &json!({ "op": "product.add", "product": "mug", "name": "머그컵 \"Mug\"", "price": 300, "stock": 9 }),
    );
    let charged =
        shop.submit(&json!({ "op": "wallet.charge", "user": "alice", "amount": 5_000 }))["ok"].clone();
    let items = json!([{ "product": "mug", "quantity": 2 }]);
    let paid = shop.submit(&json!({ "op": "order.place", "user": "alice", "items": items }))["ok"].clone();
    let first = shop.ask("event.since", &json!({}));
    let cancelled =
        shop.submit(&json!({ "op": "order.cancel", "order": 1, "reason": "too many" }))["ok"].clone();
    let all = shop.ask("event.since", &json!({}));

    let items = all["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(
        first["items"].as_array().unwrap()[..],
        items[..2],
        "a later cancellation changes no envelope"
    );
    let source = items[0]["envelope"]["source"].as_str().unwrap().to_owned();
    let store = source.strip_prefix("urn:uuid:").unwrap();
    let expected = [
        ("WalletCharged", "wallets/alice", &charged, &charged["at"]),
        ("OrderCompleted", "orders/1", &paid, &paid["at"]),
        ("OrderCancelled", "orders/1", &cancelled, &cancelled["cancelled_at"]),
    ];
    for ((number, item), (kind, subject, data, time)) in (1..).zip(items).zip(expected) {
        let envelope = json!({
            "specversion": "1.0", "id": format!("{store}-{number}"), "source": source, "type": kind,
            "subject": subject, "time": time, "datacontenttype": "application/json", "data": data,
        });
        assert_eq!(item, &json!({ "event": number, "envelope": envelope }));
    }
    let tail = shop.ask("event.since", &json!({ "after": 1, "limit": 1 }));
    assert_eq!(tail["items"][0], items[1]);
    assert_eq!(shop.ask("event.since", &json!({ "after": 3 })), json!({ "items": [] }));
}

#[test]
fn a_damaged_outbox_is_reported_and_nothing_wrong_is_sent() {
    for (damage, told) in [
        ("UPDATE ledger SET amount = -5", "entry 1 of the ledger"),
        ("DELETE FROM ledger", "event 1 refers to something that does not exist"),
        ("UPDATE outbox SET type = 'Charged'", "event 1 is of an unknown type"),
        ("DELETE FROM relay", "the relay has no state"),
        ("DELETE FROM outbox", "event 1 is to be delivered, but is not in the outbox"),
    ] {
        let shop = charged(1);
        let connection = Connection::open(&shop.path).unwrap();
        connection.execute_batch(&format!("PRAGMA foreign_keys = 0; {damage}")).unwrap();
        let path = shop.path.with_file_name("events.jsonl");
        let relay = Relay::once(&shop.commerce, Box::new(FileSink::new(&path)), quick());
        let failure = match relay {
            Err(failure) => failure,
            Ok(relay) => {
                assert!(relay.wait().left);
                relay.failure().unwrap()
            }
        };
        assert!(failure.to_string().contains(told), "{damage}: {failure}");
        assert!(!path.exists(), "{damage}: it was sent");
    }
}
