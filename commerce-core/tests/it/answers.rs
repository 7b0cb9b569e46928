//! Replies and answers are read back from their JSON as what they were, so that a program elsewhere can use the same types.

use std::fmt::Debug;

use commerce_core::input::Fields;
use commerce_core::{
    Answer, Operation, Query, Reply, cart, catalog, order, outbox, registry, sales, token, user, wallet,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::shop::Shop;

#[test]
fn every_reply_is_read_back() {
    let shop = Shop::new();
    let digest = token::Digest::of("secret");
    reply::<user::Add>(&shop, json!({ "user": "ann", "name": "Ann" }));
    reply::<wallet::Charge>(&shop, json!({ "user": "ann", "amount": 100 }));
    reply::<catalog::Add>(&shop, json!({ "product": "pen", "name": "Pen", "price": 3, "stock": 10 }));
    reply::<catalog::Update>(&shop, json!({ "product": "pen", "price": 4 }));
    reply::<catalog::Adjust>(&shop, json!({ "product": "pen", "delta": -1, "reason": "lost" }));
    reply::<cart::Add>(&shop, json!({ "user": "ann", "product": "pen", "quantity": 2 }));
    reply::<cart::Set>(&shop, json!({ "user": "ann", "product": "pen", "quantity": 20 }));
    reply::<cart::Remove>(&shop, json!({ "user": "ann", "products": ["pen"] }));
    reply::<cart::Add>(&shop, json!({ "user": "ann", "product": "pen", "quantity": 1 }));
    reply::<cart::Checkout>(&shop, json!({ "user": "ann" }));
    reply::<cart::Clear>(&shop, json!({ "user": "ann" }));
    reply::<order::Place>(&shop, json!({ "user": "ann", "items": [{ "product": "pen", "quantity": 2 }] }));
    reply::<order::Cancel>(&shop, json!({ "order": 1, "reason": "no" }));
    reply::<token::Create>(&shop, json!({ "name": "t", "role": "shopper", "user": "ann", "digest": digest }));
    reply::<token::Revoke>(&shop, json!({ "name": "t" }));
}

#[test]
fn every_answer_is_read_back() {
    let shop = Shop::new();
    let digest = token::Digest::of("secret");
    for operation in [
        json!({ "op": "user.add", "user": "ann", "name": "Ann" }),
        json!({ "op": "user.add", "user": "ben" }),
        json!({ "op": "wallet.charge", "user": "ann", "amount": 100 }),
        json!({ "op": "product.add", "product": "pen", "name": "Pen", "price": 3, "stock": 10 }),
        json!({ "op": "product.add", "product": "cup", "name": "Cup", "price": 5, "stock": 1 }),
        json!({ "op": "order.place", "user": "ann", "items": [{ "product": "pen", "quantity": 2 }] }),
        json!({ "op": "order.place", "user": "ann", "items": [{ "product": "cup", "quantity": 1 }] }),
        json!({ "op": "order.cancel", "order": 2, "reason": "no" }),
        json!({ "op": "cart.add", "user": "ann", "product": "cup", "quantity": 1 }),
        json!({ "op": "product.update", "product": "cup", "active": false }),
        json!({ "op": "token.create", "name": "t", "role": "operator", "digest": digest }),
    ] {
        assert!(shop.submit(&operation)["ok"].is_object(), "{operation}");
    }
    let known = [
        answer::<user::Get>(&shop, json!({ "user": "ann" })),
        answer::<user::List>(&shop, json!({ "limit": 1 })),
        answer::<wallet::Balance>(&shop, json!({ "user": "ann" })),
        answer::<wallet::History>(&shop, json!({ "user": "ann", "limit": 2 })),
        answer::<catalog::List>(&shop, json!({ "limit": 1, "sort": "-price" })),
        answer::<catalog::Get>(&shop, json!({ "product": "cup" })),
        answer::<catalog::StockHistory>(&shop, json!({ "product": "cup" })),
        answer::<cart::Get>(&shop, json!({ "user": "ann" })),
        answer::<order::Get>(&shop, json!({ "order": 2 })),
        answer::<order::List>(&shop, json!({ "limit": 1 })),
        answer::<sales::Top>(&shop, json!({})),
        answer::<sales::Series>(&shop, json!({ "step": "day", "count": 2 })),
        answer::<outbox::List>(&shop, json!({ "limit": 2 })),
        answer::<outbox::Since>(&shop, json!({})),
        answer::<outbox::Newest>(&shop, json!({})),
        answer::<outbox::Lag>(&shop, json!({})),
        answer::<token::List>(&shop, json!({ "limit": 1 })),
    ];
    assert_eq!(known.to_vec(), registry::query_names().collect::<Vec<_>>());
    answer::<token::Find>(&shop, json!({ "digest": digest }));
    answer::<token::Version>(&shop, json!({}));
    let empty = Shop::new();
    answer::<outbox::Newest>(&empty, json!({}));
    answer::<outbox::Lag>(&empty, json!({}));
}

fn reply<O: Operation>(shop: &Shop, fields: Value)
where
    O::Reply: Reply + PartialEq + Debug,
{
    let reply = shop.commerce.perform(Fields::read(&fields, O::parse).unwrap()).unwrap();
    read_back(&reply);
    read_back(&Answer { replayed: true, ..reply });
}

fn answer<Q: Query>(shop: &Shop, fields: Value) -> &'static str
where
    Q::Answer: PartialEq + Debug,
{
    read_back(&shop.commerce.query(&Fields::read(&fields, Q::parse).unwrap()).unwrap());
    Q::NAME
}

fn read_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    let read: T = serde_json::from_str(&json).unwrap();
    assert_eq!((&read, serde_json::to_string(&read).unwrap()), (value, json));
}
