//! Tests that lists return the same as a filter over all rows: page by page from any cursor, and as a whole.

use commerce_core::{Error, Page, UserId, catalog, order, outbox, registry, user, wallet};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shop::{On, Shop};

/// The fields of an order that filters use.
struct Placed {
    order: i64,
    user: &'static str,
    status: &'static str,
    minute: i64,
}

const USERS: [&str; 3] = ["ann", "bob", "cho"];
const ORDERS: i64 = 400;

/// Some runs of orders are cancelled, and one user has next to no orders.
fn placed(order: i64) -> Placed {
    let user = USERS[if order % 97 == 0 { 2 } else { usize::from(order % 5 == 0) }];
    let status = if order % 7 == 0 || (150..250).contains(&order) { "cancelled" } else { "paid" };
    Placed { order, user, status, minute: order / 3 }
}

/// The time of a minute. Each minute has three orders.
fn at(minute: i64) -> String {
    format!("2026-01-01T{:02}:{:02}:00Z", minute / 60, minute % 60)
}

fn submit_all(shop: &Shop, given: Vec<Value>) {
    let submit = |operation: &Value| shop.commerce.submit(registry::parse_operation(operation).unwrap());
    // A queue holds 8,192 operations.
    for part in given.chunks(4_096) {
        let tickets: Vec<_> = part.iter().map(submit).collect();
        tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    }
}

fn shop(on: On) -> Shop {
    let shop = Shop::on(on);
    let mut given = Vec::new();
    for user in USERS {
        given.push(json!({ "op": "user.add", "user": user, "at": at(0) }));
        given.push(json!({ "op": "wallet.charge", "user": user, "amount": 100_000, "at": at(0) }));
    }
    given.push(json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 1, "stock": 9_999, "at": at(0) }));
    for Placed { user, minute, .. } in (1..=ORDERS).map(placed) {
        let items = json!([{ "product": "mug", "quantity": 1 }]);
        given.push(json!({ "op": "order.place", "user": user, "items": items, "at": at(minute) }));
    }
    let cancelled = (1..=ORDERS).filter(|&order| placed(order).status == "cancelled");
    given.extend(cancelled.map(|order| json!({ "op": "order.cancel", "order": order })));
    submit_all(&shop, given);
    shop
}

/// The filters of a list of orders: user, status, first and last minute, and page size.
#[derive(Clone, Debug)]
struct Asked {
    user: Option<&'static str>,
    status: Option<&'static str>,
    from: Option<i64>,
    to: Option<i64>,
    limit: u16,
}

fn asked() -> impl Strategy<Value = Asked> {
    let user = proptest::option::of(proptest::sample::select(USERS.to_vec()));
    let status = proptest::option::of(proptest::sample::select(vec!["paid", "cancelled"]));
    let minute = || proptest::option::of(-1..ORDERS / 3 + 2);
    (user, status, minute(), minute(), 1..=100_u16).prop_map(|(user, status, from, to, limit)| Asked {
        user,
        status,
        from,
        to,
        limit,
    })
}

impl Asked {
    fn expected(&self) -> Vec<i64> {
        let wanted = |placed: &Placed| {
            self.user.is_none_or(|user| user == placed.user)
                && self.status.is_none_or(|status| status == placed.status)
                && self.from.is_none_or(|from| placed.minute >= from)
                && self.to.is_none_or(|to| placed.minute <= to)
        };
        (1..=ORDERS).rev().map(placed).filter(wanted).map(|placed| placed.order).collect()
    }

    fn fields(&self) -> Value {
        // The minute before the first one is on the previous day.
        let time =
            |minute: Option<i64>| minute.map(|m| if m < 0 { "2025-12-31T23:59:00Z".into() } else { at(m) });
        let mut fields = json!({
            "user": self.user, "status": self.status, "from": time(self.from), "to": time(self.to), "limit": self.limit,
        });
        fields.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        fields
    }

    fn check(&self, shop: &Shop) {
        let (mut fields, mut found) = (self.fields(), Vec::new());
        loop {
            let page = shop.ask("order.list", &fields);
            let items = page["items"].as_array().unwrap_or_else(|| panic!("{self:?}: {page}"));
            assert!(items.len() <= usize::from(self.limit), "{self:?}");
            found.extend(items.iter().map(|item| item["order"].as_i64().unwrap()));
            match &page["next_cursor"] {
                Value::Null => break,
                cursor => fields["cursor"] = cursor.clone(),
            }
        }
        assert_eq!(found, self.expected(), "{self:?}");
    }
}

fn walk_orders(on: On, cases: u32) {
    let shop = shop(on);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(asked in asked())| asked.check(&shop));
    shop.clean();
}

#[test]
fn lists_of_orders_equal_a_filter_over_all_orders() {
    walk_orders(On::File, 400);
    walk_orders(On::Server(1), 24);
}

#[test]
fn an_unknown_user_has_no_list_of_orders() {
    for on in [On::File, On::Server(1)] {
        let shop = Shop::on(on);
        submit_all(&shop, vec![json!({ "op": "user.add", "user": "ann" })]);
        for status in ["paid", "cancelled"] {
            let told = shop.ask("order.list", &json!({ "user": "nobody", "status": status }));
            assert_eq!(told["refused"]["code"], "user_not_found", "{told}");
            assert_eq!(
                shop.ask("order.list", &json!({ "user": "ann", "status": status }))["items"],
                json!([])
            );
        }
    }
}

#[test]
fn a_page_of_paid_orders_reads_a_bounded_number_and_has_a_cursor() {
    const RUN: i64 = 5_000;
    let shop = Shop::new();
    let mut given = vec![
        json!({ "op": "user.add", "user": "ann" }),
        json!({ "op": "wallet.charge", "user": "ann", "amount": 100_000 }),
        json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 1, "stock": 99_999 }),
    ];
    let items = json!([{ "product": "mug", "quantity": 1 }]);
    given.resize(3 + RUN as usize + 2, json!({ "op": "order.place", "user": "ann", "items": items }));
    given.extend((2..=RUN + 1).map(|order| json!({ "op": "order.cancel", "order": order })));
    submit_all(&shop, given);
    for with in [json!({ "status": "paid" }), json!({ "status": "paid", "user": "ann" })] {
        let first = shop.ask("order.list", &with);
        assert_eq!(first["items"][0]["order"], RUN + 2, "{first}");
        assert_eq!(first["items"].as_array().unwrap().len(), 1);
        let mut next = with.clone();
        next["cursor"] = first["next_cursor"].clone();
        let last = shop.ask("order.list", &next);
        assert_eq!((&last["items"][0]["order"], &last["next_cursor"]), (&json!(1), &Value::Null), "{last}");
    }
    let mut whole = Vec::new();
    let paid = order::List { status: Some(order::Status::Paid), ..order::List::default() };
    shop.commerce.each(paid, |order| collect(&mut whole, order.order.get())).unwrap();
    assert_eq!(whole, [RUN + 2, 1]);
}

fn collect<T>(whole: &mut Vec<T>, row: T) -> Result<(), Error> {
    whole.push(row);
    Ok(())
}

#[test]
fn whole_lists_are_their_pages_one_after_the_other() {
    for on in [On::File, On::Server(1)] {
        let shop = shop(on);
        let product = |number: i64| json!({ "op": "product.add", "product": format!("p{number}"), "name": "Pen", "price": number % 3, "stock": number % 5 });
        submit_all(&shop, (0..1_200).map(product).collect());
        let ann = UserId::try_from("ann").unwrap();
        macro_rules! check {
            ($query:expr) => {
                let query = $query;
                let (mut whole, mut pages, mut page) = (Vec::new(), Vec::new(), query.clone());
                shop.commerce.each(query, |row| collect(&mut whole, row)).unwrap();
                loop {
                    let listing = shop.commerce.query(&page).unwrap();
                    pages.extend(listing.items);
                    let Some(next) = listing.next_cursor else { break };
                    page.page = page.page.at(&next);
                }
                // The age of an event grows between two queries.
                assert_eq!(json!(whole).to_string().len(), json!(pages).to_string().len());
                assert_eq!(whole.len(), pages.len());
                assert!(!whole.is_empty());
            };
        }
        use catalog::Sort;
        let page = Page::first(100);
        for sort in [Sort::Id, Sort::Name, Sort::Price, Sort::PriceDown, Sort::Stock] {
            check!(catalog::List { sort, page: page.clone(), ..catalog::List::default() });
        }
        check!(order::List { page: page.clone(), ..order::List::default() });
        check!(user::List { page: page.clone(), ..user::List::default() });
        check!(wallet::History { user: ann.clone(), page: page.clone() });
        check!(outbox::List { page: page.clone(), ..outbox::List::default() });
    }
}

#[test]
fn a_whole_list_is_a_snapshot_and_ends_on_request() {
    let shop = shop(On::File);
    let mut seen = 0;
    let all = order::List::default();
    shop.commerce
        .each(all.clone(), |order| {
            if seen == 0 {
                shop.submit(&json!({ "op": "order.cancel", "order": 1 }));
            }
            seen += 1;
            assert!(order.order.get() > 1 || order.status == order::Status::Paid, "cancelled since");
            Ok::<(), Error>(())
        })
        .unwrap();
    assert_eq!(seen, ORDERS);
    let ended = shop.commerce.each(all, |_| Err(Error::Skipped));
    assert!(matches!(ended, Err(Error::Skipped)));
}
