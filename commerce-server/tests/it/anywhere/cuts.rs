//! Tests a way that ends connections: at each of 200 places of the bytes of requests of lines and of their answers, and at
//! random.

use std::time::Duration;

use super::book::Book;
use super::{DEADLINE, through};
use crate::network::{Direction, Network};
use crate::server::TestServer;

/// How many places are cut in each direction.
const PLACES: u64 = 100;

/// How many orders are submitted together.
const TOGETHER: usize = 24;

#[test]
fn a_cut_at_any_byte_loses_nothing_and_doubles_nothing() {
    [Direction::ToServer, Direction::ToClient].into_iter().for_each(cut_at_every_place);
}

fn cut_at_every_place(direction: Direction) {
    let server = TestServer::new();
    Book::fill(&server.shop, 1);
    let network = Network::to(server.address.port(), 1);
    let (shop, book) = (through(network.port, DEADLINE), Book::new(DEADLINE));
    let place_orders = |round: u64| {
        // Every second order has a key of its own.
        let key = |number| (number % 2 == 0).then(|| format!("{round}-{number}"));
        let sent: Vec<_> = (0..TOGETHER).map(|number| Book::send(&shop, 0, key(number))).collect();
        let done: Vec<_> = sent.into_iter().map(|sent| book.receive(sent).expect("an order")).collect();
        assert!(done.is_sorted(), "orders of one thread are placed as they were submitted: {done:?}");
    };
    place_orders(0);
    let before = network.travelled(direction);
    place_orders(1);
    let bytes = network.travelled(direction) - before;
    for place in 0..PLACES {
        network.cut_after(direction, bytes * place / PLACES);
        place_orders(2 + place);
    }
    assert!(network.cuts() as u64 >= PLACES * 9 / 10, "{} connections were cut", network.cuts());
    let [done, unknown, not_done] = book.check(&shop, &server.shop, &server.path(), 1);
    assert_eq!((done, unknown, not_done), ((PLACES as usize + 2) * TOGETHER, 0, 0));
}

#[test]
fn random_cuts_under_load_lose_nothing_and_double_nothing() {
    const USERS: usize = 8;
    let server = TestServer::new();
    Book::fill(&server.shop, USERS);
    let network = Network::to(server.address.port(), 7);
    let (shop, book) = (through(network.port, DEADLINE), Book::new(DEADLINE));
    network.change(|weather| weather.cuts = true);
    std::thread::scope(|scope| {
        for user in 0..USERS {
            let (shop, book) = (&shop, &book);
            scope.spawn(move || {
                for round in 0..40 {
                    let key = (round % 3 == 0).then(|| format!("{user}-{round}"));
                    book.receive(Book::send(shop, user, key)).expect("an order");
                }
            });
        }
    });
    network.change(|weather| weather.cuts = false);
    assert!(network.cuts() > 10, "{} connections were cut", network.cuts());
    let [done, ..] = book.check(&shop, &server.shop, &server.path(), USERS);
    assert_eq!(done, USERS * 40);
}

#[test]
fn orders_that_cannot_be_answered_in_time_end_at_their_deadline() {
    const SHORT: Duration = Duration::from_secs(2);
    let server = TestServer::new();
    Book::fill(&server.shop, 1);
    let network = Network::to(server.address.port(), 1);
    let (shop, book) = (through(network.port, SHORT), Book::new(SHORT));
    book.receive(Book::send(&shop, 0, None)).expect("an order");
    network.change(|weather| weather.mute = true);
    let key = |number| (number % 2 == 0).then(|| format!("late-{number}"));
    let sent: Vec<_> = (0..TOGETHER).map(|number| Book::send(&shop, 0, key(number))).collect();
    sent.into_iter().for_each(|sent| assert_eq!(book.receive(sent), None));
    network.change(|weather| weather.mute = false);
    let [done, unknown, not_done] = book.check(&shop, &server.shop, &server.path(), 1);
    assert_eq!((done, unknown + not_done), (1, TOGETHER));
    assert!(unknown > 0, "the server has done what it was sent");
}
