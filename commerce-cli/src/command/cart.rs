//! `cart`: what a user means to order.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::options::{KeyArg, YesArg};
use crate::session::{Session, item};

const COLUMNS: [&str; 7] =
    ["product", "name", "price", "price_when_added", "quantity", "available", "problem"];

/// Carts.
#[derive(Subcommand)]
pub enum Cart {
    /// Show a cart at present prices.
    #[command(after_help = "Example:\n  commerce cart show alice")]
    Show { user: String },
    /// Put products into a cart, all of them or none. One named twice is added twice.
    #[command(after_help = "Example:\n  commerce cart add alice mug-white:2 pen-gel-black")]
    Add {
        user: String,
        /// ID or ID:QUANTITY.
        #[arg(required = true)]
        items: Vec<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Set how many of some products are in a cart, all of them or none; 0 takes one out.
    #[command(
        after_help = "Example:\n  commerce cart set alice mug-white:3 pen-gel-black:0\n\nA product named twice is set to the sum."
    )]
    Set {
        user: String,
        /// ID:QUANTITY.
        #[arg(required = true)]
        items: Vec<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Take products out of a cart, all of them or none.
    #[command(after_help = "Example:\n  commerce cart remove alice mug-white")]
    Remove {
        user: String,
        #[arg(required = true)]
        products: Vec<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Empty a cart.
    #[command(after_help = "Example:\n  commerce cart clear alice --yes")]
    Clear {
        user: String,
        #[command(flatten)]
        yes: YesArg,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Order what is in a cart, or the named products of it.
    #[command(after_help = "Example:\n  commerce cart checkout alice --expected-total 25500")]
    Checkout {
        user: String,
        products: Vec<String>,
        /// Refuse any other total.
        #[arg(long, value_name = "AMOUNT")]
        expected_total: Option<String>,
        #[command(flatten)]
        key: KeyArg,
    },
}

impl Cart {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Show { user } => {
                session.show_rows(&COLUMNS, "lines", &session.ask("cart.get", json!({ "user": user }))?)
            }
            Self::Add { user, items, key } => {
                let items = items.iter().map(|text| item(text)).collect::<Result<Vec<_>, _>>()?;
                session.change(into_cart("cart.add", user, &items), key.key.as_deref())
            }
            Self::Set { user, items, key } => {
                if let Some(text) = items.iter().find(|text| !text.contains(':')) {
                    return Err(Failure::Usage(format!("{text}: the quantity is missing, as in {text}:2")));
                }
                let items = items.iter().map(|text| item(text)).collect::<Result<Vec<_>, _>>()?;
                session.change(into_cart("cart.set", user, &items), key.key.as_deref())
            }
            Self::Remove { user, products, key } => {
                let operation = json!({ "op": "cart.remove", "user": user, "products": products });
                session.change(operation, key.key.as_deref())
            }
            Self::Clear { user, yes, key } => {
                session.confirm(yes.yes, &format!("empty the cart of {user}"))?;
                session.change(json!({ "op": "cart.clear", "user": user }), key.key.as_deref())
            }
            Self::Checkout { user, products, expected_total, key } => {
                let products = if products.is_empty() { Value::Null } else { json!(products) };
                let expected = expected_total.as_deref().map(|text| session.money("--expected-total", text));
                let operation = json!({
                    "op": "cart.checkout", "user": user, "products": products, "expected_total": expected.transpose()?,
                });
                session.change(operation, key.key.as_deref())
            }
        }
    }
}

/// An operation on one product in the form for one, on several in the form for several: done whole or not at all.
fn into_cart(op: &str, user: &str, items: &[Value]) -> Value {
    match items {
        [one] => {
            json!({ "op": op, "user": user, "product": one["product"], "quantity": one["quantity"] })
        }
        items => json!({ "op": op, "user": user, "items": items }),
    }
}
