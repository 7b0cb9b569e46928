//! Tests that invisible names, the ids `.` and `..`, and impossible order numbers are refused for everything new, and that
//! existing rows with such names still work.

use commerce_core::{
    Amount, Commerce, Error, Name, Options, ProductId, Stock, SystemClock, UserId, catalog, registry, token,
    user,
};
use serde_json::json;

use crate::shop::{Shop, submit};

#[test]
fn the_library_refuses_them_as_a_line_does() {
    let shop = Shop::new();
    let invalid = |outcome: Result<(), Error>, pointer: &str| match outcome {
        Err(Error::Invalid(invalid)) => {
            assert_eq!(
                invalid.0.iter().next().map(|fault| fault.pointer.as_str()),
                Some(pointer),
                "{invalid}"
            );
        }
        other => panic!("{other:?}"),
    };
    for id in [".", ".."] {
        let user = UserId::try_from(id).unwrap();
        invalid(shop.commerce.perform(user::Add { user, name: None }).map(drop), "/user");
        let name = token::TokenName::try_from(id).unwrap();
        let create = token::Create::operator(name, token::Digest::of("secret"));
        invalid(shop.commerce.perform(create).map(drop), "/name");
    }
    for order in [0, -1] {
        let cancel = registry::parse_operation(&json!({ "op": "order.cancel", "order": order }));
        invalid(cancel.map(drop).map_err(Error::from), "/order");
        let get = registry::parse_query("order.get", &json!({ "order": order }));
        invalid(get.map(drop).map_err(Error::from), "/order");
    }
    for id in [".", "..", "top"] {
        let add = catalog::Add {
            product: ProductId::try_from(id).unwrap(),
            name: Name::try_from("Top").unwrap(),
            price: Amount::ZERO,
            stock: Stock::default(),
        };
        invalid(shop.commerce.perform(add).map(drop), "/product");
    }
    assert!(Name::try_from("\u{200b} ").is_err());
    assert_eq!(shop.commerce.stats().commits, 0);
}

#[test]
fn existing_rows_with_such_names_work() {
    let shop = Shop::new();
    let blank = "\u{200b}";
    let rename = json!({ "op": "product.update", "product": "p", "name": "P", "key": "k" });
    for operation in [
        json!({ "op": "user.add", "user": "u", "name": "U" }),
        json!({ "op": "product.add", "product": "p", "name": "P", "price": 2, "stock": 9 }),
        json!({ "op": "product.add", "product": "q", "name": "Q", "price": 2, "stock": 9 }),
        rename.clone(),
    ] {
        assert!(shop.submit(&operation)["ok"].is_object(), "{operation}");
    }
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    connection
        .execute_batch(&format!(
            "UPDATE users SET user = '.', name = '{blank}';
             UPDATE products SET product = '..', name = ' ' WHERE product = 'q';
             INSERT INTO product_grams (product_grams) VALUES ('delete-all');
             UPDATE keys SET reply = replace(reply, '\"P\"', '\" \"') WHERE key = 'k'"
        ))
        .unwrap();
    drop(connection);

    let shop = Commerce::open(&shop.path, Options::new(SystemClock)).expect("the store");
    let done = |operation| submit(&shop, &operation).unwrap_or_else(|e| panic!("{operation}: {e}"));
    let replayed = done(rename);
    assert_eq!((&replayed["replayed"], &replayed["name"]), (&json!(true), &json!(" ")));
    done(json!({ "op": "wallet.charge", "user": ".", "amount": 100 }));
    done(json!({ "op": "cart.add", "user": ".", "product": "..", "quantity": 1 }));
    let order = done(json!({ "op": "cart.checkout", "user": "." }));
    assert_eq!(order["items"][0]["name"], " ");
    // The reason of a cancellation may be invisible.
    done(json!({ "op": "order.cancel", "order": 1, "reason": " " }));
    done(json!({ "op": "product.update", "product": "..", "price": 3 }));
    done(json!({ "op": "stock.adjust", "product": "..", "delta": 1, "reason": blank }));
    let list = commerce_core::registry::parse_query("user.list", &json!({})).unwrap();
    assert_eq!(shop.query(&list).unwrap()["items"][0]["name"], blank);
    assert_eq!(shop.verify().unwrap(), []);
}
