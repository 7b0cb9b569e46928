//! What the state wants done outside, as data, and what comes back. Nothing here does anything.

use std::time::Duration;

use commerce_core::cart::Cart;
use commerce_core::catalog::{self, Product};
use commerce_core::order::{self, Order};
use commerce_core::outbox::{self, Event as Outgoing};
use commerce_core::sales::{self, SalesSeries, TopSellers};
use commerce_core::user::{self, User};
use commerce_core::wallet::{self, Charged, Entry};
use commerce_core::{Error, Key, Listing, OrderId, UserId, cart};

/// Something to do outside.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask the store.
    Ask(Request),
    /// Change the store.
    Do(Change),
    /// Give the terminal to the shell until it is called back.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// End.
    Quit,
}

/// A question, and where its answer belongs.
#[derive(Clone, Debug)]
pub struct Request {
    /// Tells this request from earlier ones of the same topic, whose answers are no longer wanted.
    pub number: u64,
    /// Whose question it is.
    pub topic: Topic,
    /// The question.
    pub ask: Ask,
}

/// Who waits for an answer. A newer request of a topic (and page) takes the place of a waiting one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A page of the shop's catalogue.
    Shop(usize),
    /// The cart of the chosen customer.
    Cart,
    /// The chosen customer.
    Customer,
    /// A page of the customers.
    Customers(usize),
    /// A page of a customer's ledger.
    Ledger(usize),
    /// A page of the orders.
    Orders(usize),
    /// The best sellers.
    Top,
    /// The sales of the best sellers' window, step by step.
    Steps,
    /// A page of the catalogue, for administration.
    Products(usize),
    /// What is low in stock.
    Low,
    /// A page of the events.
    Events(usize),
    /// The oldest event that is still to be delivered.
    Oldest,
    /// The first dead events.
    Dead,
    /// The newest orders.
    Newest,
    /// The last hour, minute by minute.
    Minutes,
    /// Today and the days before.
    Days,
    /// A page of the customers to choose from.
    Picker(usize),
}

/// A question to the store.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is the query of that name")]
pub enum Ask {
    Products(catalog::List),
    Users(user::List),
    User(user::Get),
    Ledger(wallet::History),
    Cart(cart::Get),
    Orders(order::List),
    Order(Option<OrderId>),
    Top(sales::Top),
    Series(sales::Series),
    Events(outbox::List),
}

/// An answer of the store.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is the answer to the question of that name")]
pub enum Data {
    Products(Listing<Product>),
    Users(Listing<User>),
    User(User),
    Ledger(Listing<Entry>),
    Cart(Cart),
    Orders(Listing<Order>),
    Top(TopSellers),
    Series(SalesSeries),
    Events(Listing<Outgoing>),
}

/// An answer on its way back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The request's number.
    pub number: u64,
    /// The request's topic.
    pub topic: Topic,
    /// How long the store took.
    pub took: Duration,
    /// What it said.
    pub result: Result<Data, Error>,
}

/// An operation to do, once: when its outcome is not known it can be sent again with the same key.
#[derive(Clone, Debug)]
pub struct Change {
    /// Tells its outcome from others'.
    pub number: u64,
    /// The operation.
    pub deed: Deed,
    /// Its idempotency key.
    pub key: Key,
}

/// An operation.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is the operation of that name")]
pub enum Deed {
    AddUser(user::Add),
    Charge(wallet::Charge),
    AddProduct(catalog::Add),
    UpdateProduct(catalog::Update),
    Adjust(catalog::Adjust),
    AddToCart(cart::Add),
    SetInCart(cart::Set),
    RemoveFromCart(cart::Remove),
    ClearCart(cart::Clear),
    Checkout(cart::Checkout),
    Cancel(order::Cancel),
    Retry(outbox::Retry),
    RetryAll,
}

/// What an operation replied.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is the reply of an operation")]
pub enum Done {
    Added(User),
    Charged(Charged),
    Product(Product),
    Adjusted(catalog::Adjusted),
    Cart(Cart),
    Ordered(Order),
    Cancelled(Order),
    /// How many dead events were brought back.
    Retried(i64),
}

impl Deed {
    /// Whose cart it edits, if it edits one.
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
