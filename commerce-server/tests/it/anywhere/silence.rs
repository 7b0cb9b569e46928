//! Tests a way on which nothing arrives for a while. What was sent arrives later.

use std::time::Duration;

use super::book::Book;
use super::through;
use crate::network::Network;
use crate::server::TestServer;

const USERS: usize = 8;

/// Places orders before, during and after a silence, and returns how many were acknowledged, unknown and not done.
fn silence(time: Duration, deadline: Duration) -> [usize; 3] {
    let server = TestServer::new();
    Book::fill(&server.shop, USERS);
    let network = Network::to(server.address.port(), 1);
    let (shop, book) = (through(network.port, deadline), Book::new(deadline));
    let place_orders = |round: usize| {
        std::thread::scope(|scope| {
            for user in 0..USERS {
                let (shop, book) = (&shop, &book);
                scope.spawn(move || {
                    let key = |number| (number % 2 == 0).then(|| format!("{round}-{user}-{number}"));
                    let sent: Vec<_> = (0..4).map(|number| Book::send(shop, user, key(number))).collect();
                    for sent in sent {
                        book.receive(sent);
                    }
                });
            }
        });
    };
    place_orders(0);
    network.change(|weather| weather.silent = true);
    std::thread::scope(|scope| {
        scope.spawn(|| place_orders(1));
        std::thread::sleep(time);
        network.change(|weather| weather.silent = false);
    });
    place_orders(2);
    book.check(&shop, &server.shop, &server.path(), USERS)
}

#[test]
fn a_silence_of_two_seconds_delays_answers() {
    let told = silence(Duration::from_secs(2), Duration::from_secs(30));
    assert_eq!(told, [USERS * 12, 0, 0]);
}

#[test]
fn a_silence_of_ten_seconds_delays_answers() {
    let told = silence(Duration::from_secs(10), Duration::from_secs(40));
    assert_eq!(told, [USERS * 12, 0, 0]);
}

#[test]
fn a_silence_beyond_the_deadline_leaves_outcomes_unknown_that_can_be_asked_for() {
    let [done, unknown, not_done] = silence(Duration::from_secs(10), Duration::from_secs(3));
    assert_eq!(done + unknown + not_done, USERS * 12);
    assert!(unknown > 0, "something was on its way");
}
