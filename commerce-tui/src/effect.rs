//! What an event causes outside the state, as data, and what comes back. Nothing here performs anything: `worker`
//! does.

use std::time::Duration;

use commerce_core::cart::{self, Cart};
use commerce_core::catalog::{self, Adjusted, Product, StockChange};
use commerce_core::order::{self, Order};
use commerce_core::outbox::{self, Event as OutboxEvent};
use commerce_core::sales::{self, SalesSeries, TopSellers};
use commerce_core::user::{self, User};
use commerce_core::wallet::{self, Charged, Entry};
use commerce_core::{Error, Key, Listing, OrderId, UserId};

/// An effect.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Read from the store; the answer comes back as an event.
    Query(Request),
    /// Change the store; the outcome comes back as an event.
    Execute(Command),
    /// Give the terminal back to the shell until the process is continued.
    Suspend,
    /// Redraw every cell, because something else has written to the terminal.
    Redraw,
    /// End the console.
    Quit,
}

/// A query in flight.
#[derive(Clone, Debug)]
pub struct Request {
    /// Larger than the id of every earlier request and command.
    pub id: u64,
    /// The query.
    pub query: Query,
}

/// The response to a request.
#[derive(Clone, Debug)]
pub struct Response {
    /// The id of the request.
    pub id: u64,
    /// How long the store took.
    pub elapsed: Duration,
    /// The answer.
    pub answer: Answer,
}

/// A query of the store, named after what its answer fills. The number is the page of a list, counted from 0.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each variant has its topic's name")]
pub enum Query {
    ShopProducts(usize, catalog::List),
    Cart(cart::Get),
    Customer(user::Get),
    Customers(usize, user::List),
    Ledger(usize, wallet::History),
    Orders(usize, order::List),
    /// The order with this number as the only row of the orders; no row if the search is not a number.
    FindOrder(Option<OrderId>),
    TopSellers(sales::Top),
    WindowSales(sales::Series),
    Products(usize, catalog::List),
    LowStock(catalog::List),
    StockHistory(usize, catalog::StockHistory),
    Events(usize, outbox::List),
    OldestPending(outbox::List),
    DeadEvents(outbox::List),
    NewestOrders(order::List),
    SalesByMinute(sales::Series),
    SalesByDay(sales::Series),
    PickerCustomers(usize, user::List),
}

/// The answer to the query of the same name.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each variant has its topic's name")]
pub enum Answer {
    ShopProducts(usize, Result<Listing<Product>, Error>),
    Cart(Result<Cart, Error>),
    Customer(Result<User, Error>),
    Customers(usize, Result<Listing<User>, Error>),
    Ledger(usize, Result<Listing<Entry>, Error>),
    Orders(usize, Result<Listing<Order>, Error>),
    TopSellers(Result<TopSellers, Error>),
    WindowSales(Result<SalesSeries, Error>),
    Products(usize, Result<Listing<Product>, Error>),
    LowStock(Result<Listing<Product>, Error>),
    StockHistory(usize, Result<Listing<StockChange>, Error>),
    Events(usize, Result<Listing<OutboxEvent>, Error>),
    OldestPending(Result<Listing<OutboxEvent>, Error>),
    DeadEvents(Result<Listing<OutboxEvent>, Error>),
    NewestOrders(Result<Listing<Order>, Error>),
    SalesByMinute(Result<SalesSeries, Error>),
    SalesByDay(Result<SalesSeries, Error>),
    PickerCustomers(usize, Result<Listing<User>, Error>),
}

/// What a query's answer fills. A newer request of a topic replaces one that waits for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A page of the products on sale.
    ShopProducts(usize),
    /// The cart of the shop's customer.
    Cart,
    /// The shop's customer.
    Customer,
    /// A page of the customers.
    Customers(usize),
    /// A page of the selected customer's ledger.
    Ledger(usize),
    /// A page of the orders.
    Orders(usize),
    /// The best sellers.
    TopSellers,
    /// The sales in the best sellers' window, by hour or by day.
    WindowSales,
    /// A page of the whole catalogue.
    Products(usize),
    /// The products that are low in stock.
    LowStock,
    /// A page of what moved a stock.
    StockHistory(usize),
    /// A page of the outgoing events.
    Events(usize),
    /// The oldest event that is not delivered yet.
    OldestPending,
    /// The first dead events.
    DeadEvents,
    /// The newest orders.
    NewestOrders,
    /// The sales of the last hour, by minute.
    SalesByMinute,
    /// The sales of the last days, by day.
    SalesByDay,
    /// A page of the customers to pick from.
    PickerCustomers(usize),
}

/// An operation to perform once. If its outcome stays unknown it can be sent again under the same key.
#[derive(Clone, Debug)]
pub struct Command {
    /// Larger than the id of every earlier request and command.
    pub id: u64,
    /// The operation.
    pub operation: Operation,
    /// Its idempotency key.
    pub key: Key,
}

/// An operation of the engine that the console performs.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each variant is the operation of that name")]
pub enum Operation {
    AddUser(user::Add),
    Charge(wallet::Charge),
    AddProduct(catalog::Add),
    UpdateProduct(catalog::Update),
    AdjustStock(catalog::Adjust),
    AddToCart(cart::Add),
    SetInCart(cart::Set),
    RemoveFromCart(cart::Remove),
    ClearCart(cart::Clear),
    Checkout(cart::Checkout),
    CancelOrder(order::Cancel),
    RetryEvents(outbox::Retry),
    /// Retries every dead event.
    RetryAllEvents,
}

/// The reply of an operation.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each variant is the reply of the operations that its name says")]
pub enum Reply {
    UserAdded(User),
    Charged(Charged),
    ProductSaved(Product),
    StockAdjusted(Adjusted),
    CartEdited(Cart),
    OrderPlaced(Order),
    OrderCancelled(Order),
    /// How many events will be delivered again.
    EventsRetried(i64),
}

impl Query {
    /// What its answer fills.
    pub fn topic(&self) -> Topic {
        match self {
            Self::ShopProducts(page, _) => Topic::ShopProducts(*page),
            Self::Cart(_) => Topic::Cart,
            Self::Customer(_) => Topic::Customer,
            Self::Customers(page, _) => Topic::Customers(*page),
            Self::Ledger(page, _) => Topic::Ledger(*page),
            Self::Orders(page, _) => Topic::Orders(*page),
            Self::FindOrder(_) => Topic::Orders(0),
            Self::TopSellers(_) => Topic::TopSellers,
            Self::WindowSales(_) => Topic::WindowSales,
            Self::Products(page, _) => Topic::Products(*page),
            Self::LowStock(_) => Topic::LowStock,
            Self::StockHistory(page, _) => Topic::StockHistory(*page),
            Self::Events(page, _) => Topic::Events(*page),
            Self::OldestPending(_) => Topic::OldestPending,
            Self::DeadEvents(_) => Topic::DeadEvents,
            Self::NewestOrders(_) => Topic::NewestOrders,
            Self::SalesByMinute(_) => Topic::SalesByMinute,
            Self::SalesByDay(_) => Topic::SalesByDay,
            Self::PickerCustomers(page, _) => Topic::PickerCustomers(*page),
        }
    }
}

impl Answer {
    /// Why the query failed, if it did.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::ShopProducts(_, Err(error))
            | Self::Cart(Err(error))
            | Self::Customer(Err(error))
            | Self::Customers(_, Err(error))
            | Self::Ledger(_, Err(error))
            | Self::Orders(_, Err(error))
            | Self::TopSellers(Err(error))
            | Self::WindowSales(Err(error))
            | Self::Products(_, Err(error))
            | Self::LowStock(Err(error))
            | Self::StockHistory(_, Err(error))
            | Self::Events(_, Err(error))
            | Self::OldestPending(Err(error))
            | Self::DeadEvents(Err(error))
            | Self::NewestOrders(Err(error))
            | Self::SalesByMinute(Err(error))
            | Self::SalesByDay(Err(error))
            | Self::PickerCustomers(_, Err(error)) => Some(error),
            _ => None,
        }
    }
}

impl Operation {
    /// The customer whose cart it edits, if it edits one.
    pub fn edits_cart_of(&self) -> Option<&UserId> {
        match self {
            Self::AddToCart(add) => Some(&add.user),
            Self::SetInCart(set) => Some(&set.user),
            Self::RemoveFromCart(remove) => Some(&remove.user),
            Self::ClearCart(clear) => Some(&clear.user),
            _ => None,
        }
    }
}
