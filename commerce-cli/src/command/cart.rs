//! `cart`: what a user means to order.

use clap::Subcommand;
use commerce_core::cart::Levels;
use commerce_core::order::Items;
use commerce_core::{ProductId, Quantity, cart};

use crate::failure::Failure;
use crate::items::{ItemArgs, quantity_or_none};
use crate::options::{KeyArg, YesArg};
use crate::session::Session;
use crate::values::{self, Values, submission};

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
                let get = values::read(|values| Some(cart::Get { user: values.user(user)? }));
                session.show(&session.ask(&get?)?)
            }
            Self::Add { user, items, key } => {
                let items = ItemArgs::read(items)?;
                let add = submission(key, |values| {
                    let (user, items) = (values.user(user), items.of_cart(values, Quantity::try_from));
                    Some(cart::Add { user: user?, items: values.field("items", Items::new(items?))? })
                });
                session.change(add?)
            }
            Self::Set { user, items, key } => {
                if let Some(text) = items.iter().find(|text| !text.contains(':')) {
                    return Err(Failure::Usage(format!("{text}: the quantity is missing, as in {text}:2")));
                }
                let items = ItemArgs::read(items)?;
                let set = submission(key, |values| {
                    let (user, items) = (values.user(user), items.of_cart(values, quantity_or_none));
                    Some(cart::Set { user: user?, items: values.field("items", Levels::new(items?))? })
                });
                session.change(set?)
            }
            Self::Remove { user, products, key } => {
                let remove = submission(key, |values| {
                    let (user, products) = (values.user(user), product_ids(values, products));
                    Some(cart::Remove { user: user?, products: products? })
                });
                session.change(remove?)
            }
            Self::Clear { user, yes, key } => {
                session.confirm(yes.yes, &format!("empty the cart of {user}"))?;
                let clear = submission(key, |values| Some(cart::Clear { user: values.user(user)? }));
                session.change(clear?)
            }
            Self::Checkout { user, products, expected_total, key } => {
                let expected_total = session.optional_money("--expected-total", expected_total.as_deref())?;
                let checkout = submission(key, |values| {
                    let user = values.user(user);
                    let named = (!products.is_empty()).then(|| product_ids(values, products));
                    let products = named.map_or(Some(None), |named| named.map(Some));
                    Some(cart::Checkout { user: user?, products: products?, expected_total })
                });
                session.change(checkout?)
            }
        }
    }
}

fn product_ids(values: &mut Values, products: &[String]) -> Option<Vec<ProductId>> {
    values.list("products", products, |product| product.parse::<ProductId>())
}
