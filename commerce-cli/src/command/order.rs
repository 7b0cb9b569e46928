//! `order`: several products at once, paid from the balance. `buy` is a short form.

use clap::Subcommand;
use commerce_core::{Invalid, OrderId, order};
use serde_json::json;

use crate::failure::Failure;
use crate::options::{KeyArg, PageArgs, YesArg};
use crate::session::{Session, item};

/// Orders.
#[derive(Subcommand)]
pub enum Order {
    /// Order products.
    Place(Place),
    /// Show an order.
    #[command(after_help = "Example:\n  commerce order show 42")]
    Show { order: i64 },
    /// List orders, newest first, or those of these numbers.
    #[command(
        after_help = "Examples:\n  commerce order list --user alice --status paid --from 2026-01-01\n  commerce order list --all --output csv > orders.csv\n  commerce order list 42 17"
    )]
    List {
        /// Only these, in this order; one that there is not is refused.
        #[arg(value_name = "ORDER", conflicts_with_all = ["user", "status", "from", "to", "cursor", "all"])]
        orders: Vec<i64>,
        /// Only this user's.
        #[arg(long)]
        user: Option<String>,
        /// Only those paid, or cancelled.
        #[arg(long)]
        status: Option<String>,
        /// Only those placed at this time or later; a date is the beginning of its day, in UTC.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Only those placed at this time or before; a date is the end of its day, in UTC.
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Cancel an order: units and money go back.
    #[command(after_help = "Example:\n  commerce order cancel 42 --reason 'changed my mind' --yes")]
    Cancel {
        order: i64,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        yes: YesArg,
        #[command(flatten)]
        key: KeyArg,
    },
}

/// Order products.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce buy alice mug-white:2 pen-gel-black --key order-17")]
pub struct Place {
    user: String,
    /// ID or ID:QUANTITY.
    #[arg(required = true)]
    items: Vec<String>,
    /// Refuse any other total.
    #[arg(long, value_name = "AMOUNT")]
    expected_total: Option<String>,
    #[command(flatten)]
    key: KeyArg,
}

impl Order {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Place(place) => place.run(session),
            Self::Show { order } => session.show(&session.ask("order.get", json!({ "order": order }))?),
            Self::List { orders, .. } if !orders.is_empty() => {
                let shop = session.shop()?;
                let get = |&order: &i64| {
                    let order = OrderId::try_from(order).map_err(|e| Invalid::at("/order", e.to_string()))?;
                    shop.query(&order::Get { order })
                };
                session.print_rows(&orders.iter().map(get).collect::<Result<Vec<_>, _>>()?)
            }
            Self::List { user, status, from, to, page, .. } => {
                let with = json!({ "user": user, "status": status, "from": from, "to": to });
                session.list::<order::List>(with, page)
            }
            Self::Cancel { order, reason, yes, key } => {
                session.confirm(yes.yes, &format!("cancel order {order}"))?;
                let operation = json!({ "op": "order.cancel", "order": order, "reason": reason });
                session.change(operation, key.key.as_deref())
            }
        }
    }
}

impl Place {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let items = self.items.iter().map(|text| item(text)).collect::<Result<Vec<_>, _>>()?;
        let expected = self.expected_total.as_deref().map(|text| session.money("--expected-total", text));
        let operation = json!({
            "op": "order.place", "user": self.user, "items": items, "expected_total": expected.transpose()?,
        });
        session.change(operation, self.key.key.as_deref())
    }
}
