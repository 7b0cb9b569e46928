//! `order`: orders of one or more products, paid from the balance. `buy` is a short form of `order place`.

use clap::Subcommand;
use commerce_core::{Name, OrderId, Time, UserId, order};

use crate::failure::Failure;
use crate::items::ItemArgs;
use crate::options::{KeyArg, PageArgs, YesArg};
use crate::session::Session;
use crate::values::{self, submission};

/// Manage orders.
#[derive(Subcommand)]
pub enum Order {
    /// Order products and pay from the balance.
    Place(Place),
    /// Show an order.
    #[command(after_help = "Example:\n  commerce order show 42")]
    Show {
        /// Show the order with this number.
        order: i64,
    },
    /// List orders, newest first, or the orders with the given numbers.
    #[command(
        after_help = "Examples:\n  commerce order list --user alice --status paid --from 2026-01-01\n  commerce order list --all --output csv > orders.csv\n  commerce order list 42 17"
    )]
    List {
        /// List these orders, in this order. If one does not exist, the command fails.
        #[arg(value_name = "ORDER", conflicts_with_all = ["user", "status", "from", "to", "cursor", "all"])]
        orders: Vec<i64>,
        /// Only orders of this user.
        #[arg(long)]
        user: Option<String>,
        /// Only orders with this status: paid or cancelled.
        #[arg(long)]
        status: Option<String>,
        /// Only orders placed at or after this time. A date means the start of that day, in UTC.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Only orders placed at or before this time. A date means the end of that day, in UTC.
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Cancel an order: return its units to stock and its total to the wallet.
    #[command(after_help = "Example:\n  commerce order cancel 42 --reason 'changed my mind' --yes")]
    Cancel {
        /// Cancel the order with this number.
        order: i64,
        /// Why the order is cancelled.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        yes: YesArg,
        #[command(flatten)]
        key: KeyArg,
    },
}

/// Order products and pay from the balance.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce buy alice mug-white:2 pen-gel-black --key order-17")]
pub struct Place {
    /// Order for this user.
    user: String,
    /// PRODUCT or PRODUCT:QUANTITY. The default quantity is 1.
    #[arg(required = true)]
    items: Vec<String>,
    /// Refuse the order if its total is not this amount.
    #[arg(long, value_name = "AMOUNT")]
    expected_total: Option<String>,
    #[command(flatten)]
    key: KeyArg,
}

impl Order {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Place(place) => place.run(session),
            Self::Show { order } => session.print_answer(&get(session, *order)?),
            Self::List { orders, .. } if !orders.is_empty() => {
                let get = |&order: &i64| get(session, order);
                session.print_rows(&orders.iter().map(get).collect::<Result<Vec<_>, _>>()?)
            }
            Self::List { user, status, from, to, page, .. } => session.list(page, |values| {
                let user = values.optional("user", user.as_deref(), UserId::try_from);
                let status = values.optional("status", status.as_deref(), str::parse);
                let from = values.optional("from", from.as_deref(), Time::parse_from);
                let to = values.optional("to", to.as_deref(), Time::parse_to);
                let page = values.page(page);
                Some(order::List { user: user?, status: status?, from: from?, to: to?, page: page? })
            }),
            Self::Cancel { order, reason, yes, key } => {
                session.confirm(yes.yes, &format!("cancel order {order}"))?;
                let cancel = submission(key, |values| {
                    let order = values.field("order", OrderId::try_from(*order));
                    let reason = values.optional("reason", reason.as_deref(), Name::remark);
                    Some(order::Cancel { order: order?, reason: reason? })
                });
                session.perform(cancel?)
            }
        }
    }
}

impl Place {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let items = ItemArgs::read(&self.items)?;
        let expected_total = session.optional_amount("--expected-total", self.expected_total.as_deref())?;
        let place = submission(&self.key, |values| {
            let (user, items) = (values.user(&self.user), items.items(values));
            Some(order::Place { user: user?, items: items?, expected_total })
        });
        session.perform(place?)
    }
}

fn get(session: &Session, order: i64) -> Result<order::Order, Failure> {
    let get =
        values::read(|values| Some(order::Get { order: values.field("order", OrderId::try_from(order))? }));
    session.query(&get?)
}
