//! Runs the console's queries and operations on the engine. Both calls block until the store has answered.

use commerce_core::Submit;
use commerce_core::order::{self, Order};
use commerce_core::{Caller, Commerce, Error, Key, Listing, OrderId, Page, Paged, Submission, outbox};

use crate::effect::{Answer, Command, Operation, Query, Reply};
use crate::list::PAGE_SIZE;

/// Runs a query.
pub fn run_query(shop: &Commerce, query: &Query) -> Answer {
    match query {
        Query::ShopProducts(page, query) => Answer::ShopProducts(*page, shop.query(query)),
        Query::Cart(query) => Answer::Cart(shop.query(query)),
        Query::Customer(query) => Answer::Customer(shop.query(query)),
        Query::Customers(page, query) => Answer::Customers(*page, shop.query(query)),
        Query::Ledger(page, query) => Answer::Ledger(*page, shop.query(query)),
        Query::Orders(page, query) => Answer::Orders(*page, full_page(shop, query)),
        Query::FindOrder(order) => Answer::Orders(0, find_order(shop, *order)),
        Query::TopSellers(query) => Answer::TopSellers(shop.query(query)),
        Query::WindowSales(query) => Answer::WindowSales(shop.query(query)),
        Query::Products(page, query) => Answer::Products(*page, shop.query(query)),
        Query::LowStock(query) => Answer::LowStock(shop.query(query)),
        Query::StockHistory(page, query) => Answer::StockHistory(*page, full_page(shop, query)),
        Query::Events(page, query) => Answer::Events(*page, shop.query(query)),
        Query::OldestPending(query) => Answer::OldestPending(shop.query(query)),
        Query::DeadEvents(query) => Answer::DeadEvents(shop.query(query)),
        Query::NewestOrders(query) => Answer::NewestOrders(shop.query(query)),
        Query::SalesByMinute(query) => Answer::SalesByMinute(shop.query(query)),
        Query::SalesByDay(query) => Answer::SalesByDay(shop.query(query)),
        Query::PickerCustomers(page, query) => Answer::PickerCustomers(*page, shop.query(query)),
    }
}

/// Runs an operation for a caller under the command's key, and waits for its outcome.
///
/// # Errors
/// Those of the engine: the operation was refused or failed, or its outcome is unknown.
pub fn run_command(shop: &Commerce, caller: &Caller, command: Command) -> Result<Reply, Error> {
    start_command(shop, caller, command)()
}

/// Submits an operation for a caller under the command's key, and returns what waits for its outcome. So several commands can be on
/// their way to a store that is far away; they are performed in the order in which one thread submits them.
pub fn start_command(shop: &Commerce, caller: &Caller, command: Command) -> Outcome {
    let Command { operation, key, .. } = command;
    let by = (caller.clone(), key);
    match operation {
        Operation::AddUser(add) => submit(shop, add, by, Reply::UserAdded),
        Operation::Charge(charge) => submit(shop, charge, by, Reply::Charged),
        Operation::AddProduct(add) => submit(shop, add, by, Reply::ProductSaved),
        Operation::UpdateProduct(update) => submit(shop, update, by, Reply::ProductSaved),
        Operation::AdjustStock(adjust) => submit(shop, adjust, by, Reply::StockAdjusted),
        Operation::AddToCart(add) => submit(shop, add, by, Reply::CartEdited),
        Operation::SetInCart(set) => submit(shop, set, by, Reply::CartEdited),
        Operation::RemoveFromCart(remove) => submit(shop, remove, by, Reply::CartEdited),
        Operation::ClearCart(clear) => submit(shop, clear, by, Reply::CartEdited),
        Operation::Checkout(checkout) => submit(shop, checkout, by, Reply::OrderPlaced),
        Operation::CancelOrder(cancel) => submit(shop, cancel, by, Reply::OrderCancelled),
        Operation::RetryEvents(retry) => {
            submit(shop, retry, by, |retried| Reply::EventsRetried(retried.events.len() as i64))
        }
        // A repetition retries what is still dead, so it needs no key.
        Operation::RetryAllEvents => {
            let shop = shop.clone();
            Box::new(move || {
                let mut count = 0;
                outbox::retry_all(&shop, None, |events| {
                    count += events.len() as i64;
                    Ok::<_, Error>(())
                })?;
                Ok(Reply::EventsRetried(count))
            })
        }
    }
}

/// Waits for the outcome of a command.
pub type Outcome = Box<dyn FnOnce() -> Result<Reply, Error> + Send>;

fn submit<O: Submit>(
    shop: &Commerce,
    operation: O,
    (caller, key): (Caller, Key),
    reply: fn(O::Reply) -> Reply,
) -> Outcome
where
    O::Reply: Send,
{
    let ticket = shop.submit(Submission::new(operation).key(key).caller(caller));
    Box::new(move || Ok(reply(ticket.wait()?.reply)))
}

/// A full page of a list whose pages may be short although more rows follow: of orders that are filtered by status, or of
/// what moved a stock.
fn full_page<Q: Paged + Clone>(shop: &Commerce, query: &Q) -> Result<Listing<Q::Item>, Error> {
    let mut listing = shop.query(query)?;
    while let (Some(next), short @ 1..) =
        (&listing.next_cursor, PAGE_SIZE.saturating_sub(listing.items.len()))
    {
        let mut rest = query.clone();
        *rest.page() = Page::first(short as u16).at(next);
        let more = shop.query(&rest)?;
        listing.items.extend(more.items);
        listing.next_cursor = more.next_cursor;
    }
    Ok(listing)
}

/// The order as a listing, which is empty if there is no such order.
fn find_order(shop: &Commerce, order: Option<OrderId>) -> Result<Listing<Order>, Error> {
    let items = match order.map(|order| shop.query(&order::Get { order })) {
        None | Some(Err(Error::Refused(_))) => Vec::new(),
        Some(order) => vec![order?],
    };
    Ok(Listing { items, next_cursor: None })
}
