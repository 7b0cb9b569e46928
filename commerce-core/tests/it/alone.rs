//! Tests which thread writes: a single caller writes on its own thread, and several callers use the writer thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use commerce_core::Chain;
use commerce_core::{
    Amount, Clock, Commerce, Currency, Error, Options, Submission, SystemClock, Time, UserId, user, wallet,
};

/// A clock that calls the test when a group reads the time.
struct WatchedClock<F>(F);

impl<F: Fn() + Send + Sync + 'static> Clock for WatchedClock<F> {
    fn now(&self) -> Time {
        self.0();
        SystemClock.now()
    }
}

fn shop(folder: &tempfile::TempDir, clock: impl Clock, queue: usize) -> Commerce {
    let won = Currency::try_from("KRW").expect("a currency");
    Commerce::create(folder.path().join("shop.db"), won, Options::new(clock).queue(queue)).expect("a store")
}

fn alice() -> UserId {
    UserId::try_from("alice").expect("an identifier")
}

fn charge() -> wallet::Charge {
    wallet::Charge::new(alice(), Amount::try_from(1).expect("an amount")).expect("a charge")
}

#[test]
fn a_caller_that_is_alone_writes_on_its_own_thread() {
    let folder = tempfile::tempdir().expect("a folder");
    let writers = Arc::new(Mutex::new(Vec::<ThreadId>::new()));
    let seen = writers.clone();
    let shop =
        shop(&folder, WatchedClock(move || seen.lock().expect("a list").push(thread::current().id())), 10);
    shop.perform(user::Add { user: alice(), name: None }).expect("a user");
    shop.perform(charge()).expect("a charge");
    shop.submit(charge()).wait().expect("another");
    let (writers, here) = (writers.lock().expect("a list").clone(), thread::current().id());
    assert_eq!(writers.iter().map(|&writer| writer == here).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn callers_that_write_themselves_and_those_that_do_not_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = shop(&folder, SystemClock, 100);
    shop.perform(user::Add { user: alice(), name: None }).expect("a user");
    thread::scope(|scope| {
        for caller in 0..8 {
            let shop = &shop;
            scope.spawn(move || {
                for round in 0..100 {
                    let done = match (caller + round) % 3 {
                        0 => shop.submit(charge()).wait(),
                        _ => shop.perform(charge()),
                    };
                    done.expect("a charge");
                }
            });
        }
    });
    let balance = shop.query(&wallet::Balance { user: alice() }).expect("a balance");
    assert_eq!(balance.balance.get(), 800);
    assert_eq!(shop.stats().operations, 801);
    assert_eq!(shop.verify().expect("a verification"), []);
}

#[test]
fn a_full_queue_refuses_at_once_and_breaks_the_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hold, let_go) = std::sync::mpsc::channel::<()>();
    let (let_go, held) = (Mutex::new(let_go), Arc::new(AtomicBool::new(false)));
    let holding = held.clone();
    let clock = WatchedClock(move || {
        if !holding.swap(true, Ordering::SeqCst) {
            let _ = let_go.lock().expect("a receiver").recv();
        }
    });
    let shop = shop(&folder, clock, 1);
    let first = shop.submit(user::Add { user: alice(), name: None });
    while !held.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    let (waiting, chain) = (shop.submit(charge()), Chain::new());
    let refused = shop.submit(Submission::new(charge()).chain(&chain)).wait();
    assert!(matches!(refused, Err(Error::Busy(_))), "{refused:?}");
    drop(hold);
    first.wait().expect("a user");
    waiting.wait().expect("a charge");
    let after = shop.perform(Submission::new(charge()).chain(&chain));
    assert!(matches!(after, Err(Error::Skipped)), "{after:?}");
    assert_eq!(shop.stats().busy, 1);
}

#[test]
fn after_a_panic_while_writing_every_caller_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let calls = AtomicU64::new(0);
    let clock =
        WatchedClock(move || assert!(calls.fetch_add(1, Ordering::SeqCst) != 1, "a clock that breaks"));
    let shop = shop(&folder, clock, 10);
    shop.perform(user::Add { user: alice(), name: None }).expect("a user");
    let broken = thread::scope(|scope| scope.spawn(|| shop.perform(charge())).join());
    assert!(broken.is_err(), "the caller that wrote panics");
    let after = shop.submit(charge()).wait();
    assert!(matches!(after, Err(Error::Closed)), "{after:?}");
    assert!(matches!(shop.perform(charge()), Err(Error::Closed)));
    shop.close();
}
