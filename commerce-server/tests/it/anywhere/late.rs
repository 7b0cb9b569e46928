//! Tests a request that arrives late: after its client has sent the same over another connection and has had its answer.

use std::time::Duration;

use commerce_core::{Chain, Error, registry};
use serde_json::{Value, json};

use super::{DEADLINE, through};
use crate::library::{ask, submit};
use crate::network::{Direction, Network};
use crate::server::TestServer;
use crate::system::until;

/// A server on which `alice` has nothing, behind a network.
fn server() -> (TestServer, Network) {
    let server = TestServer::new();
    for operation in [
        json!({ "op": "user.add", "user": "alice" }),
        json!({ "op": "product.add", "product": "pen", "name": "Pen", "price": 300, "stock": 10 }),
    ] {
        submit(&server.shop, &operation).unwrap();
    }
    let network = Network::to(server.address.port(), 1);
    (server, network)
}

fn charge(server: &TestServer) {
    submit(&server.shop, &json!({ "op": "wallet.charge", "user": "alice", "amount": 1_000 })).unwrap();
}

fn order() -> Value {
    json!({ "op": "order.place", "user": "alice", "items": [{ "product": "pen", "quantity": 1 }] })
}

/// Delivers the late request, and gives the server the time to perform it.
fn deliver(network: &Network) {
    let before = network.travelled(Direction::ToServer);
    network.release();
    until("the request is delivered", || network.travelled(Direction::ToServer) > before);
    std::thread::sleep(Duration::from_secs(1));
}

#[test]
fn what_was_refused_is_not_done_by_a_request_that_arrives_late() {
    let (server, network) = server();
    let shop = through(network.port, DEADLINE);
    network.stall_next();
    let refused = submit(&shop, &order());
    assert!(matches!(&refused, Err(Error::Refused(refusal)) if refusal.code() == "insufficient_balance"));
    charge(&server);
    deliver(&network);
    assert_eq!(ask(&server.shop, "order.list", &json!({}))["items"], json!([]));
}

#[test]
fn what_a_chain_has_skipped_is_not_done_by_a_request_that_arrives_late() {
    let (server, network) = server();
    let (shop, chain) = (through(network.port, DEADLINE), Chain::new());
    network.stall_next();
    let add = json!({ "op": "cart.add", "user": "alice", "product": "pen", "quantity": 1 });
    let tickets = [order(), add]
        .map(|operation| shop.submit(registry::parse_operation(&operation).unwrap().chain(&chain)));
    let outcomes = tickets.map(commerce_core::Ticket::wait);
    assert!(matches!(outcomes, [Err(Error::Refused(_)), Err(Error::Skipped)]), "{outcomes:?}");
    charge(&server);
    deliver(&network);
    assert_eq!(ask(&server.shop, "order.list", &json!({}))["items"], json!([]));
    assert_eq!(ask(&server.shop, "cart.get", &json!({ "user": "alice" }))["lines"], json!([]));
}

#[test]
fn only_the_newest_request_of_a_sequence_is_performed() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let mut send = |query: &str| {
        let charge = json!({ "op": "wallet.charge", "user": "bob", "amount": 1 });
        client.post(&format!("/v1/operations?{query}"), &charge)
    };
    for (query, status) in [
        ("sender=a&sequence=2", 200),
        // Sent again with a renewed token.
        ("sender=a&sequence=2", 200),
        ("sender=a&sequence=1", 503),
        ("sender=b&sequence=1", 200),
        ("sender=a", 400),
        ("sequence=3", 400),
        ("", 200),
    ] {
        assert_eq!(send(query).status, status, "{query}");
    }
    let bob = || ask(&server.shop, "wallet.balance", &json!({ "user": "bob" }))["balance"].clone();
    until("four are done", || bob() == 4);
    let long = "x".repeat(65);
    assert_eq!(send(&format!("sender={long}&sequence=1")).status, 400);
    assert_eq!(bob(), 4);
}
