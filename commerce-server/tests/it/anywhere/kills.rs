//! Tests a server that is killed and started again under load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use commerce_core::{Commerce, Options, SystemClock};

use super::book::Book;
use super::{DEADLINE, open};
use crate::network::Random;
use crate::server::OwnProcess;

const USERS: usize = 8;

/// For more rounds: `COMMERCE_TEST_KILLS=50 cargo test -p commerce-server killed`.
#[test]
fn a_server_that_is_killed_loses_nothing_and_doubles_nothing() {
    let rounds = std::env::var("COMMERCE_TEST_KILLS").map_or(8, |text| text.parse().expect("a number"));
    let mut server = OwnProcess::filled(|shop| Book::fill(shop, USERS));
    let book = Book::new(DEADLINE);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Two clients, each with threads that wait for each order, and one that sends many at once.
        for client in 0..2 {
            let shop = open(&[server.address], DEADLINE);
            for user in 0..USERS {
                let (shop, book, stop) = (shop.clone(), &book, &stop);
                scope.spawn(move || {
                    for round in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let many = if user == 0 { 50 } else { 1 };
                        let key =
                            |number| (number % 3 == 0).then(|| format!("{client}-{user}-{round}-{number}"));
                        let sent: Vec<_> =
                            (0..many).map(|number| Book::send(&shop, user, key(number + round))).collect();
                        let done: Vec<_> =
                            sent.into_iter().map(|sent| book.receive(sent).expect("an order")).collect();
                        assert!(
                            done.is_sorted(),
                            "orders of one thread are placed as they were submitted: {done:?}"
                        );
                    }
                });
            }
        }
        let mut random = Random(0x2545_F491_4F6C_DD1D);
        for _ in 0..rounds {
            std::thread::sleep(Duration::from_millis(50 + random.below(400)));
            server.kill();
            // A server that is away for longer than a client waits before it tries again.
            std::thread::sleep(Duration::from_millis(random.below(1_500)));
            server.start_again();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let handle = open(&[server.address], DEADLINE);
    let engine = Commerce::open(server.store(), Options::new(SystemClock)).unwrap();
    let [done, unknown, not_done] = book.check(&handle, &engine, &server.store(), USERS);
    println!("{rounds} kills: {done} orders acknowledged, {unknown} unknown, {not_done} not done");
    assert!(done > rounds * USERS, "{done} orders in {rounds} rounds");
}
