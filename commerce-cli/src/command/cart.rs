//! `cart`: what a user wants to order.

use clap::Subcommand;
use commerce_core::cart::Quantities;
use commerce_core::order::Items;
use commerce_core::{ProductId, Quantity, cart};

use crate::failure::Failure;
use crate::items::{ItemArgs, quantity_or_none};
use crate::options::{KeyArg, YesArg};
use crate::session::Session;
use crate::values::{self, Values, submission};

/// Manage carts.
#[derive(Subcommand)]
pub enum Cart {
    /// Show a cart at current prices.
    #[command(after_help = "Example:\n  commerce cart show alice")]
    Show {
        /// Show the cart of this user.
        user: String,
    },
    /// Add products to a cart, all of them or none. A product given twice is added twice.
    #[command(after_help = "Example:\n  commerce cart add alice mug-white:2 pen-gel-black")]
    Add {
        /// Change the cart of this user.
        user: String,
        /// PRODUCT or PRODUCT:QUANTITY. The default quantity is 1.
        #[arg(required = true)]
        items: Vec<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Set the quantities of products in a cart, all of them or none. A quantity of 0 removes the product.
    #[command(
        after_help = "Example:\n  commerce cart set alice mug-white:3 pen-gel-black:0\n\nA product given twice is set to the sum."
    )]
    Set {
        /// Change the cart of this user.
        user: String,
        /// PRODUCT:QUANTITY.
        #[arg(required = true)]
        items: Vec<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Remove products from a cart, all of them or none.
    #[command(after_help = "Example:\n  commerce cart remove alice mug-white")]
    Remove {
        /// Change the cart of this user.
        user: String,
        /// Remove these products.
        #[arg(required = true)]
        products: Vec<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Empty a cart.
    #[command(after_help = "Example:\n  commerce cart clear alice --yes")]
    Clear {
        /// Empty the cart of this user.
        user: String,
        #[command(flatten)]
        yes: YesArg,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Order the products in a cart, or only the given ones.
    #[command(after_help = "Example:\n  commerce cart checkout alice --expected-total 25500")]
    Checkout {
        /// Order from the cart of this user.
        user: String,
        /// Order only these products.
        products: Vec<String>,
        /// Refuse the order if its total is not this amount.
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
                session.print_answer(&session.query(&get?)?)
            }
            Self::Add { user, items, key } => {
                let items = ItemArgs::read(items)?;
                let add = submission(key, |values| {
                    let (user, items) = (values.user(user), items.of_cart(values, Quantity::try_from));
                    Some(cart::Add { user: user?, items: values.field("items", Items::new(items?))? })
                });
                session.perform(add?)
            }
            Self::Set { user, items, key } => {
                if let Some(text) = items.iter().find(|text| !text.contains(':')) {
                    return Err(Failure::Usage(format!("{text}: give a quantity, as in {text}:2")));
                }
                let items = ItemArgs::read(items)?;
                let set = submission(key, |values| {
                    let (user, items) = (values.user(user), items.of_cart(values, quantity_or_none));
                    Some(cart::Set { user: user?, items: values.field("items", Quantities::new(items?))? })
                });
                session.perform(set?)
            }
            Self::Remove { user, products, key } => {
                let remove = submission(key, |values| {
                    let (user, products) = (values.user(user), product_ids(values, products));
                    Some(cart::Remove { user: user?, products: products? })
                });
                session.perform(remove?)
            }
            Self::Clear { user, yes, key } => {
                session.confirm(yes.yes, &format!("empty the cart of {user}"))?;
                let clear = submission(key, |values| Some(cart::Clear { user: values.user(user)? }));
                session.perform(clear?)
            }
            Self::Checkout { user, products, expected_total, key } => {
                let expected_total =
                    session.optional_amount("--expected-total", expected_total.as_deref())?;
                let checkout = submission(key, |values| {
                    let user = values.user(user);
                    let named = (!products.is_empty()).then(|| product_ids(values, products));
                    let products = named.map_or(Some(None), |named| named.map(Some));
                    Some(cart::Checkout { user: user?, products: products?, expected_total })
                });
                session.perform(checkout?)
            }
        }
    }
}

fn product_ids(values: &mut Values, products: &[String]) -> Option<Vec<ProductId>> {
    values.list("products", products, |product| product.parse::<ProductId>())
}
