//! `cart`: what a user means to order.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::args::{KeyArg, YesArg};
use crate::exit::Failure;
use crate::session::{Session, item};

/// Carts.
#[derive(Subcommand)]
pub enum Cart {
    /// Show a cart at present prices.
    #[command(after_help = "Example:\n  commerce cart show alice")]
    Show { user: String },
    /// Put products into a cart. Several are added one after the other, until one is refused.
    #[command(after_help = "Example:\n  commerce cart add alice mug-white:2 pen-gel-black")]
    Add {
        user: String,
        /// ID or ID:QUANTITY.
        #[arg(required = true)]
        items: Vec<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Set how many of a product are in a cart; 0 takes it out.
    #[command(after_help = "Example:\n  commerce cart set alice mug-white:3")]
    Set {
        user: String,
        /// ID:QUANTITY.
        item: String,
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
            Self::Show { user } => session.show(&session.ask("cart.get", json!({ "user": user }))?),
            Self::Add { user, items, key } => add(session, user, items, key),
            Self::Set { user, item: text, key } => {
                if !text.contains(':') {
                    return Err(Failure::Usage(format!("{text}: the quantity is missing, as in {text}:2")));
                }
                let fields = item(text)?;
                let (product, quantity) = (&fields["product"], &fields["quantity"]);
                let operation =
                    json!({ "op": "cart.set", "user": user, "product": product, "quantity": quantity });
                session.change(operation, key.key.as_deref())
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

/// Adds item after item; with one key for all, each gets its own: KEY.PRODUCT.
fn add(session: &Session, user: &str, items: &[String], key: &KeyArg) -> Result<(), Failure> {
    let items = items.iter().map(|text| item(text)).collect::<Result<Vec<_>, _>>()?;
    let mut cart = Value::Null;
    for (done, item) in items.iter().enumerate() {
        let (product, quantity) = (&item["product"], &item["quantity"]);
        let own = key.key.as_ref().map(|key| match items.len() {
            1 => key.clone(),
            _ => format!("{key}.{}", product.as_str().unwrap_or_default()),
        });
        let operation = json!({ "op": "cart.add", "user": user, "product": product, "quantity": quantity });
        cart = session.submit(operation, own.as_deref()).inspect_err(|_| {
            if done > 0 {
                session.note(&format!("in the cart by now: the first {done} of {}", items.len()));
            }
        })?;
    }
    session.show(&cart)
}
