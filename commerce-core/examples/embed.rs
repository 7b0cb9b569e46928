//! The engine inside another program: `cargo run -p commerce-core --example embed`.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use commerce_core::{
    Amount, Commerce, Currency, Key, Name, Options, ProductId, Quantity, Stock, SystemClock, UserId, catalog,
    order, sales, user, wallet,
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("embed-{}.db", std::process::id()));
    let shop = Commerce::create(&path, Currency::try_from("USD")?, Options::new(SystemClock))?;
    let (alice, mug) = (UserId::try_from("alice")?, ProductId::try_from("mug")?);
    let cents = |minor: i64| Amount::try_from(minor);

    // `submit` does not wait; `wait` on the ticket does. One group decides these three, in this order.
    let added = shop.submit(user::Add { user: alice.clone(), name: Some(Name::try_from("Alice")?) });
    let charged = shop.submit(wallet::Charge::new(alice.clone(), cents(10_000)?)?);
    let stocked = shop.submit(catalog::Add {
        product: mug.clone(),
        name: Name::try_from("Mug")?,
        price: cents(1_250)?,
        stock: Stock::try_from(3)?,
    });
    added.wait()?;
    charged.wait()?;
    stocked.wait()?;

    // With a key, an order is placed once, however often it is submitted. A ticket can also be awaited.
    let place = |units| -> Result<_, Box<dyn Error>> {
        let items = order::Items::new([(mug.clone(), Quantity::try_from(units)?)])?;
        Ok(order::Place { user: alice.clone(), items, expected_total: None })
    };
    let key = Key::random();
    let submission = commerce_core::Submission::new(place(2)?).key(key);
    let order = block_on(shop.submit(submission.clone()))?;
    let again = block_on(shop.submit(submission))?;
    println!("order {} paid {}, again: {}", order.reply.order, order.reply.total, again.replayed);

    // A refusal names the rule and its facts.
    if let Err(refused) = shop.perform(place(2)?) {
        println!("refused: {refused}");
    }
    for seller in shop.query(&sales::Top::default())?.items {
        println!("{}. {} sold {}", seller.rank, seller.name, seller.units);
    }
    assert!(shop.verify()?.is_empty());
    shop.close();
    Ok(())
}

/// A minimal runtime. Any other works as well.
fn block_on<T>(ticket: impl IntoFuture<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(ticket.into_future());
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}
