//! Tests a shop that several servers serve: a client uses one that answers, and moves on when it goes away.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use commerce_core::{Commerce, Options, SystemClock};

use super::book::Book;
use super::{DEADLINE, open};
use crate::server::OwnProcess;
use crate::sqld::free_port;

const USERS: usize = 4;

/// An address at which nobody listens.
fn dead() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port()))
}

#[test]
fn a_dead_address_beside_a_live_one_is_passed_over() {
    let server = OwnProcess::filled(|shop| Book::fill(shop, USERS));
    for addresses in [[dead(), server.address], [server.address, dead()]] {
        let (shop, book) = (open(&addresses, DEADLINE), Book::new(DEADLINE));
        let sent: Vec<_> = (0..20).map(|_| Book::send(&shop, 0, None)).collect();
        for sent in sent {
            book.receive(sent).expect("an order");
        }
    }
}

#[test]
fn clients_move_on_when_their_server_dies() {
    let mut one = OwnProcess::filled(|shop| Book::fill(shop, USERS));
    let other = one.beside();
    let (book, stop) = (Book::new(DEADLINE), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let shop = open(&[one.address, other.address], DEADLINE);
        for user in 0..USERS {
            let (shop, book, stop) = (shop.clone(), &book, &stop);
            scope.spawn(move || {
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = (round % 2 == 0).then(|| format!("{user}-{round}"));
                    book.receive(Book::send(&shop, user, key)).expect("an order");
                }
            });
        }
        for _ in 0..4 {
            std::thread::sleep(Duration::from_millis(300));
            one.kill();
            std::thread::sleep(Duration::from_millis(300));
            one.start_again();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let handle = open(&[other.address], DEADLINE);
    let engine = Commerce::open(one.store(), Options::new(SystemClock)).unwrap();
    let [done, unknown, not_done] = book.check(&handle, &engine, &one.store(), USERS);
    println!("{done} orders acknowledged, {unknown} unknown, {not_done} not done");
}
