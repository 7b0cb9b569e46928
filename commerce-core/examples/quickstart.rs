//! A shop in which Alice buys two mugs.

use commerce_core::{
    Amount, Commerce, Currency, Name, Options, ProductId, Quantity, Stock, SystemClock, UserId,
};
use commerce_core::{catalog, order, user, wallet};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join(format!("shop-{}.db", std::process::id()));
    let shop = Commerce::create(&path, Currency::try_from("USD")?, Options::new(SystemClock))?;
    let (alice, mug) = (UserId::try_from("alice")?, ProductId::try_from("mug")?);
    shop.perform(user::Add { user: alice.clone(), name: None })?;
    shop.perform(wallet::Charge::new(alice.clone(), Amount::try_from(10_000)?)?)?;
    let (name, price, stock) = (Name::try_from("Mug")?, Amount::try_from(1_250)?, Stock::try_from(10)?);
    shop.perform(catalog::Add { product: mug.clone(), name, price, stock })?;

    let items = order::Items::new([(mug, Quantity::try_from(2)?)])?;
    let order = shop.perform(order::Place { user: alice, items, expected_total: None })?.reply;
    println!("order {} costs {}", order.order, shop.currency().format_amount(order.total.get()));
    Ok(())
}
