//! Tests the search of products after changes, migrations, copies and damage.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Barrier;

use commerce_core::{Commerce, Options, SystemClock, registry};
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::shop::{Shop, everywhere, submit};

/// All products that match, page by page.
fn found(shop: &Commerce, with: Value, limit: u16) -> Vec<String> {
    pages(shop, with, limit, usize::MAX)
}

/// The products on the first `pages` pages.
fn pages(shop: &Commerce, mut with: Value, limit: u16, pages: usize) -> Vec<String> {
    let mut found = Vec::new();
    with["limit"] = limit.into();
    for _ in 0..pages {
        let page = shop.query(&registry::parse_query("product.list", &with).unwrap()).unwrap();
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| item["product"].as_str().unwrap().to_owned()));
        match &page["next_cursor"] {
            Value::Null => return found,
            cursor => with["cursor"] = cursor.clone(),
        }
    }
    found
}

fn searched(shop: &Commerce, text: &str) -> Vec<String> {
    found(shop, json!({ "search": text }), 100)
}

fn add(shop: &Shop, product: &str, name: &str) {
    let add = json!({ "op": "product.add", "product": product, "name": name, "price": 1, "stock": 1 });
    assert!(shop.submit(&add)["ok"].is_object());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn what_is_found_is_what_has_the_text(
        changes in proptest::collection::vec(
            (0..12_usize, "[가나각 bB1-]{0,5}[가나b]", 0..3_i64, any::<bool>()), 1..60),
        searches in proptest::collection::vec(("[가나각 bB1p-]{1,5}", any::<Option<bool>>(), 1..7_u16), 4),
    ) {
        let shop = Shop::new();
        let mut model = BTreeMap::new();
        for (number, name, price, active) in changes {
            let product = format!("P-{number}");
            let op = if model.contains_key(&product) { "product.update" } else { "product.add" };
            let mut change = json!({ "op": op, "product": product, "name": name, "price": price });
            let active = match op {
                "product.add" => {
                    change["stock"] = (number as i64 % 3).into();
                    true
                }
                _ => {
                    change["active"] = active.into();
                    active
                }
            };
            assert!(shop.submit(&change)["ok"].is_object());
            model.insert(product, (name, price, number % 3, active));
        }
        for (text, active, limit) in searches {
            for sort in ["id", "name", "price", "-price", "stock"] {
                let has = |id: &str, name: &str| [id, name].iter().any(|of| of.to_lowercase().contains(&text.to_lowercase()));
                let mut expected: Vec<_> = model
                    .iter()
                    .filter(|(id, (name, _, _, on))| has(id, name) && active.is_none_or(|active| active == *on))
                    .collect();
                match sort {
                    "name" => expected.sort_by_key(|(_, (name, ..))| name.clone()),
                    "price" => expected.sort_by_key(|(_, (_, price, ..))| *price),
                    "-price" => expected.sort_by_key(|(_, (_, price, ..))| -price),
                    "stock" => expected.sort_by_key(|(_, (_, _, stock, _))| *stock),
                    _ => {}
                }
                let expected: Vec<_> = expected.into_iter().map(|(id, _)| id.clone()).collect();
                let mut with = json!({ "search": text, "sort": sort });
                if let Some(active) = active {
                    with["active"] = active.into();
                }
                prop_assert_eq!(found(&shop.commerce, with, limit), expected, "{} {}", text, sort);
            }
        }
        shop.clean();
    }
}

#[test]
fn frequent_and_rare_texts_are_found_in_every_order() {
    let shop = Shop::new();
    let ids: Vec<String> = (0..20_000).map(|number| format!("p{number:05}")).collect();
    for group in 0..5 {
        let add = |number: usize| {
            let name = format!("{} {number}", if number < 16_500 { "머그컵" } else { "접시" });
            let add = json!({ "op": "product.add", "product": ids[number], "name": name,
                "price": 20_000 - number, "stock": 1 });
            shop.commerce.submit(registry::parse_operation(&add).unwrap())
        };
        let tickets: Vec<_> = (group * 4_000..(group + 1) * 4_000).map(add).collect();
        tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    }
    for (text, mut expected) in [
        ("그컵", ids[..16_500].to_vec()),
        ("컵 1", (0..16_500).filter(|n| n.to_string().starts_with('1')).map(|n| ids[n].clone()).collect()),
        ("접", ids[16_500..].to_vec()),
        ("p00001", vec![ids[1].clone()]),
        ("없음", vec![]),
    ] {
        let find = |sort| pages(&shop.commerce, json!({ "search": text, "sort": sort }), 100, 5);
        let first = expected.len().min(500);
        assert_eq!(find("id"), expected[..first], "{text}");
        expected.reverse();
        assert_eq!(find("price"), expected[..first], "{text}");
    }
    shop.clean();
}

/// Creates a store of the first schema version with products.
fn first_version(path: &Path, products: i64) {
    let old = Connection::open(path).unwrap();
    old.execute_batch(include_str!("../../src/store/schema/0001_shop.sql")).unwrap();
    let store = "INSERT INTO store VALUES (1, 'a', 'KRW', 0, 0, ?1, ?1, 0, 0, 0, 0)";
    old.execute(store, [products]).unwrap();
    let moment = old.unchecked_transaction().unwrap();
    for no in 1..=products {
        let (id, name) = (format!("P-{no}"), format!("ＣＵＰ \u{110F}\u{1165}\u{11B8} {no}"));
        let text = format!("{id}\n{name}").to_lowercase();
        moment.execute("INSERT INTO products VALUES (?1, ?2, ?3, ?4, 1, 1)", (no, id, name, text)).unwrap();
        moment.execute("INSERT INTO stocks VALUES (?1, 1)", [no]).unwrap();
        moment.execute("INSERT INTO movements VALUES (?1, ?1, 1, 1, NULL, 0)", [no]).unwrap();
    }
    moment.commit().unwrap();
    old.pragma_update(None, "application_id", 0x5368_6f70).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
}

#[test]
fn products_of_an_older_version_are_found_by_all_who_open_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (path, start) = (folder.path().join("shop.db"), Barrier::new(4));
    first_version(&path, 10_000);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                let shop = Commerce::open(&path, Options::new(SystemClock)).unwrap();
                assert_eq!(searched(&shop, "cup 컵 9999"), ["P-9999"]);
                assert_eq!(searched(&shop, "p-10000"), ["P-10000"]);
            });
        }
    });
    // Leaves the store as a migration that was killed midway leaves it.
    let connection = Connection::open(&path).unwrap();
    connection.execute("DELETE FROM product_grams WHERE rowid > 4096", []).unwrap();
    let shop = Commerce::open(&path, Options::new(SystemClock)).unwrap();
    assert_eq!(searched(&shop, "cup 컵 9999"), ["P-9999"]);
    assert_eq!(searched(&shop, "cup 컵").len(), 10_000);
    assert_eq!(shop.verify().unwrap(), []);
}

#[test]
fn products_are_found_in_copies_and_after_a_restore() {
    everywhere(|on| {
        let shop = Shop::on(on);
        let folder = tempfile::tempdir().unwrap();
        let (copy, kept, old) =
            (folder.path().join("copy"), folder.path().join("kept"), folder.path().join("old"));
        add(&shop, "mug", "머그컵");
        shop.commerce.backup(&copy).unwrap();
        add(&shop, "pen", "볼펜");
        assert_eq!(searched(&Commerce::open(&copy, Options::new(SystemClock)).unwrap(), "그컵"), ["mug"]);
        shop.commerce.restore(&copy, &kept).unwrap();
        let again = Commerce::open(shop.at(), Options::new(SystemClock)).unwrap();
        assert_eq!(searched(&again, "볼펜"), [""; 0]);
        assert_eq!(searched(&again, "머그"), ["mug"]);
        let pen = json!({ "op": "product.add", "product": "pen", "name": "만년필", "price": 1, "stock": 1 });
        submit(&again, &pen).unwrap();
        assert_eq!(searched(&again, "년"), ["pen"]);
        assert_eq!(again.verify().unwrap(), []);
        if shop.server.is_none() {
            first_version(&old, 3);
            shop.commerce.restore(&old, &folder.path().join("kept too")).unwrap();
            assert_eq!(searched(&again, "cup").len(), 3);
        }
    });
}

#[test]
fn the_search_index_is_audited_and_rebuilt() {
    let differ = |sql: &str| {
        let shop = Shop::new();
        for number in 0..5 {
            add(&shop, &format!("mug-{number}"), "머그컵");
        }
        Connection::open(&shop.path).unwrap().execute_batch(sql).unwrap();
        let told = shop.commerce.verify().unwrap();
        shop.commerce.repair().unwrap();
        let told: Vec<_> = told.into_iter().map(|difference| (difference.what, difference.id)).collect();
        shop.clean();
        assert_eq!(searched(&shop.commerce, "그컵").len(), 5, "{sql}");
        assert_eq!(searched(&shop.commerce, "x"), [""; 0], "{sql}");
        told
    };
    let of = |what: &str, id: &str| (what.to_owned(), id.to_owned());
    assert_eq!(
        differ("DELETE FROM product_grams WHERE rowid = 2"),
        [of("grams in the index of searched texts", "mug-1")]
    );
    assert_eq!(
        differ("UPDATE products SET search = 'x' WHERE product_no = 3"),
        [of("searched text", "mug-2")]
    );
    assert_eq!(differ("INSERT INTO product_grams (product_grams) VALUES ('delete-all')").len(), 5);
    assert_eq!(differ("SELECT 1"), []);
}
