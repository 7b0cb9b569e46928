//! Tests changes that are made only if the product is still as it was read: the header `If-Match` (RFC 9110, section 13.1.1).

use serde_json::{Value, json};

use crate::http::{Answer, Client};
use crate::server::TestServer;

const MUG: &str = "/v1/products/mug";

fn tag(client: &mut Client) -> String {
    client.get(MUG).header("etag").expect("a tag").to_owned()
}

fn patch(client: &mut Client, price: i64, headers: &[(&str, &str)]) -> Answer {
    client.send("PATCH", MUG, headers, Some(&json!({ "price": price }))).expect("an answer")
}

fn price(client: &mut Client) -> Value {
    client.get(MUG).json()["price"].clone()
}

#[test]
fn a_change_is_made_if_the_product_is_as_it_was_read() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let seen = tag(&mut client);
    assert!(seen.starts_with('"'), "{seen} can be compared strongly");
    let changed = patch(&mut client, 1, &[("If-Match", &seen)]);
    assert_eq!((changed.status, changed.json()["price"].clone()), (200, json!(1)));
    assert_eq!(changed.header("etag"), Some(tag(&mut client).as_str()), "the next change needs no GET");
    let late = patch(&mut client, 2, &[("If-Match", &seen)]);
    assert_eq!((late.status, late.code().as_str()), (412, "precondition_failed"));
    assert_eq!(late.json()["product"], "mug");
    assert_eq!(price(&mut client), 1);
    // An order changes the stock, which the answer shows.
    let seen = tag(&mut client);
    server.submit(
        &json!({ "op": "order.place", "user": "alice", "items": [{ "product": "mug", "quantity": 1 }] }),
    );
    assert_eq!(patch(&mut client, 3, &[("If-Match", &seen)]).status, 412);
    // Of what another product shows, nothing matters.
    let seen = tag(&mut client);
    server.submit(&json!({ "op": "product.update", "product": "pen", "price": 7 }));
    assert_eq!(patch(&mut client, 4, &[("If-Match", &seen)]).status, 200);
}

#[test]
fn a_list_of_tags_a_star_and_weak_tags() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let seen = tag(&mut client);
    for (headers, status) in [
        (vec!["*".to_owned()], 200),
        (vec![format!("\"x\", {seen}")], 200),
        (vec!["\"x\"".into(), seen.clone()], 200),
        (vec![format!("W/{seen}")], 412),
        (vec!["\"x\", \"y\"".into()], 412),
        (vec![seen.trim_matches('"').into()], 400),
        (vec!["*".into(), seen.clone()], 400),
        (vec![String::new()], 400),
    ] {
        let headers: Vec<_> = headers.iter().map(|value| ("If-Match", value.as_str())).collect();
        let answer = client.send("PATCH", MUG, &headers, Some(&json!({}))).unwrap();
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.json());
        match status {
            400 => assert_eq!(answer.json()["errors"][0]["pointer"], "/if_match"),
            _ => assert_eq!(tag(&mut client), seen, "nothing was changed"),
        }
    }
    let unknown =
        client.send("PATCH", "/v1/products/no", &[("If-Match", "\"x\"")], Some(&json!({}))).unwrap();
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "product_not_found"));
    let in_body = client.send("PATCH", MUG, &[], Some(&json!({ "if_match": "*" }))).unwrap();
    assert_eq!((in_body.status, in_body.json()["errors"][0]["pointer"].clone()), (400, json!("/if_match")));
}

/// Otherwise a client whose first answer was lost would be told that somebody else has changed the product.
#[test]
fn a_change_that_was_made_is_answered_again_under_its_key() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let seen = tag(&mut client);
    let headers = [("If-Match", seen.as_str()), ("Idempotency-Key", "k-1")];
    let first = patch(&mut client, 1, &headers);
    let again = patch(&mut client, 1, &headers);
    assert_eq!(
        (again.status, &again.body, again.header("idempotent-replayed")),
        (200, &first.body, Some("true"))
    );
    assert_eq!(again.header("etag"), first.header("etag"));
    // A refusal binds nothing.
    let refused = patch(&mut client, 2, &[("If-Match", &seen), ("Idempotency-Key", "k-2")]);
    assert_eq!(refused.status, 412);
    let now = tag(&mut client);
    assert_eq!(patch(&mut client, 2, &[("If-Match", &now), ("Idempotency-Key", "k-2")]).status, 200);
}

#[test]
fn of_many_that_saw_the_same_one_changes_it() {
    let server = TestServer::stocked();
    let mut client = server.client();
    for round in 0..20 {
        let seen = tag(&mut client);
        let statuses = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..8)
                .map(|number| {
                    let (mut client, seen) = (server.client(), &seen);
                    scope.spawn(move || {
                        patch(&mut client, 2_000 + round * 8 + number, &[("If-Match", seen)]).status
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().expect("a status")).collect::<Vec<_>>()
        });
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!((count(200), count(412)), (1, 7), "{statuses:?}");
    }
}

/// So a program that sends operations to a served shop has the condition too.
#[test]
fn a_line_may_have_the_condition_as_a_field() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let seen = tag(&mut client);
    let line = |price: i64| {
        json!({ "op": "product.update", "product": "mug", "price": price, "if_match": seen }).to_string()
            + "\n"
    };
    let results = client.lines("/v1/operations", &(line(1) + &line(2))).json_lines();
    assert_eq!(results[0]["ok"]["price"], 1);
    assert_eq!(results[1]["refused"]["code"], "precondition_failed");
    assert_eq!(price(&mut client), 1);
}
