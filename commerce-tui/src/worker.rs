//! Does effects on the library, in threads of its own, so that nothing ever blocks the screen. What comes back
//! goes to the console as events.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, panicking};
use std::time::{Duration, Instant};

use commerce_core::Submit;
use commerce_core::order::{self, Order};
use commerce_core::{Commerce, Error, Listing, Page, Submission, outbox};

use crate::effect::{Answer, Ask, Change, Data, Deed, Done, Request};
use crate::list::PAGE;
use crate::update::Event;

/// The threads that work for a console. They end when it is dropped, each after what it is about.
pub struct Worker {
    asks: Arc<Asks>,
    deeds: Sender<Change>,
    over: Arc<AtomicBool>,
}

/// Questions that wait for a reader. A newer one takes the place of an older one of its topic.
#[derive(Default)]
struct Asks {
    waiting: Mutex<VecDeque<Request>>,
    come: Condvar,
}

/// Whether a thread of a console has panicked.
pub fn panicked() -> bool {
    PANICKED.load(Ordering::SeqCst)
}

static PANICKED: AtomicBool = AtomicBool::new(false);

/// Tells the console to stop when the thread that holds it panics.
struct Alarm(Sender<Event>);

/// Threads that read.
const READERS: usize = 2;

/// How often it is looked whether somebody committed.
const WATCH: Duration = Duration::from_millis(200);

/// How often a store that is not at hand is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Worker {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system has no threads left.
    pub fn start(shop: &Commerce, events: &Sender<Event>) -> io::Result<Self> {
        let (asks, over) = (Arc::<Asks>::default(), Arc::<AtomicBool>::default());
        let (deeds, to_do) = channel();
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let alarm = Alarm(events.clone());
            Builder::new().name(name.into()).spawn(move || {
                let _alarm = alarm;
                work();
            })
        };
        for _ in 0..READERS {
            let (shop, asks, over, events) = (shop.clone(), asks.clone(), over.clone(), events.clone());
            spawn("console-reader", Box::new(move || read(&shop, &asks, &over, &events)))?;
        }
        let (doer, news) = (shop.clone(), events.clone());
        spawn("console-writer", Box::new(move || work_off(&doer, &to_do, &news)))?;
        let (watched, news, end) = (shop.clone(), events.clone(), over.clone());
        spawn("console-watch", Box::new(move || watch(&watched, &end, &news)))?;
        Ok(Self { asks, deeds, over })
    }

    /// Asks, some time soon.
    pub fn ask(&self, request: Request) {
        let mut waiting = self.asks.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|older| older.topic != request.topic);
        waiting.push_back(request);
        self.asks.come.notify_one();
    }

    /// Does an operation, after those before it.
    pub fn change(&self, change: Change) {
        // Where the thread has panicked, the console was told to stop.
        let _ = self.deeds.send(change);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.asks.come.notify_all();
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if panicking() {
            PANICKED.store(true, Ordering::SeqCst);
            let _ = self.0.send(Event::Stop);
        }
    }
}

impl Asks {
    fn next(&self, over: &AtomicBool) -> Option<Request> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if over.load(Ordering::Relaxed) {
                return None;
            }
            match waiting.pop_front() {
                Some(request) => return Some(request),
                None => waiting = self.come.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

fn read(shop: &Commerce, asks: &Asks, over: &AtomicBool, events: &Sender<Event>) {
    while let Some(Request { number, topic, ask }) = asks.next(over) {
        let begun = Instant::now();
        let result = answer(shop, &ask);
        let answer = Answer { number, topic, took: begun.elapsed(), result };
        if events.send(Event::Answered(Box::new(answer))).is_err() {
            return;
        }
    }
}

/// Asks the store.
///
/// # Errors
/// A refusal, or the store's failure.
pub fn answer(shop: &Commerce, ask: &Ask) -> Result<Data, Error> {
    Ok(match ask {
        Ask::Products(query) => Data::Products(shop.query(query)?),
        Ask::Users(query) => Data::Users(shop.query(query)?),
        Ask::User(query) => Data::User(shop.query(query)?),
        Ask::Ledger(query) => Data::Ledger(shop.query(query)?),
        Ask::Cart(query) => Data::Cart(shop.query(query)?),
        Ask::Orders(query) => Data::Orders(full(shop, query)?),
        Ask::Order(Some(order)) => Data::Orders(found(shop.query(&order::Get { order: *order }))?),
        Ask::Order(None) => Data::Orders(Listing { items: Vec::new(), next_cursor: None }),
        Ask::Top(query) => Data::Top(shop.query(query)?),
        Ask::Series(query) => Data::Series(shop.query(query)?),
        Ask::Events(query) => Data::Events(shop.query(query)?),
    })
}

/// A page of orders as long as it should be: one of paid orders may come short though more follow.
fn full(shop: &Commerce, query: &order::List) -> Result<Listing<Order>, Error> {
    let mut listing = shop.query(query)?;
    while let (Some(next), short @ 1..) = (&listing.next_cursor, PAGE.saturating_sub(listing.items.len())) {
        let page = Page::first(short as u16).at(next);
        let more = shop.query(&order::List { page, ..query.clone() })?;
        listing.items.extend(more.items);
        listing.next_cursor = more.next_cursor;
    }
    Ok(listing)
}

/// The list of the one order of a number, or of none.
fn found(order: Result<Order, Error>) -> Result<Listing<Order>, Error> {
    let items = match order {
        Err(Error::Refused(_)) => Vec::new(),
        order => vec![order?],
    };
    Ok(Listing { items, next_cursor: None })
}

fn work_off(shop: &Commerce, to_do: &Receiver<Change>, events: &Sender<Event>) {
    for change in to_do {
        let number = change.number;
        let outcome = decide(shop, change);
        if events.send(Event::Decided(number, Box::new(outcome))).is_err() {
            return;
        }
    }
}

/// Does an operation.
///
/// # Errors
/// A refusal, or why the operation was not done.
pub fn decide(shop: &Commerce, change: Change) -> Result<Done, Error> {
    let Change { deed, key, .. } = change;
    fn done<O: Submit>(shop: &Commerce, submission: Submission<O>) -> Result<O::Reply, Error> {
        Ok(shop.submit(submission).wait()?.reply)
    }
    Ok(match deed {
        Deed::AddUser(add) => Done::Added(done(shop, Submission::new(add).key(key))?),
        Deed::Charge(charge) => Done::Charged(done(shop, Submission::new(charge).key(key))?),
        Deed::AddProduct(add) => Done::Product(done(shop, Submission::new(add).key(key))?),
        Deed::UpdateProduct(update) => Done::Product(done(shop, Submission::new(update).key(key))?),
        Deed::Adjust(adjust) => Done::Adjusted(done(shop, Submission::new(adjust).key(key))?),
        Deed::AddToCart(add) => Done::Cart(done(shop, Submission::new(add).key(key))?),
        Deed::SetInCart(set) => Done::Cart(done(shop, Submission::new(set).key(key))?),
        Deed::RemoveFromCart(remove) => Done::Cart(done(shop, Submission::new(remove).key(key))?),
        Deed::ClearCart(clear) => Done::Cart(done(shop, Submission::new(clear).key(key))?),
        Deed::Checkout(checkout) => Done::Ordered(done(shop, Submission::new(checkout).key(key))?),
        Deed::Cancel(cancel) => Done::Cancelled(done(shop, Submission::new(cancel).key(key))?),
        Deed::Retry(retry) => {
            let retried = done(shop, Submission::new(retry).key(key))?;
            Done::Retried(retried.events.len() as i64)
        }
        // Done once more it brings back what is still dead, so it needs no key.
        Deed::RetryAll => {
            let mut count = 0;
            outbox::retry_all(shop, None, |events| {
                count += events.len() as i64;
                Ok::<_, Error>(())
            })?;
            Done::Retried(count)
        }
    })
}

/// Tells when somebody committed, and when the store is not at hand. Reads no table.
fn watch(shop: &Commerce, over: &AtomicBool, events: &Sender<Event>) {
    let (mut last, mut lost) = (None, false);
    while !over.load(Ordering::Relaxed) {
        let version = shop.version();
        let news = match &version {
            Ok(_) if lost => Some(Event::Found),
            Ok(version) if last.is_some_and(|last| last != *version) => Some(Event::Changed),
            Ok(_) => None,
            Err(error) => Some(Event::Lost(error.clone())),
        };
        lost = version.is_err();
        last = version.ok().or(last);
        if news.is_some_and(|news| events.send(news).is_err()) {
            return;
        }
        std::thread::sleep(if lost { RETRY } else { WATCH });
    }
}
