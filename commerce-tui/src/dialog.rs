//! What can lie over a screen. The topmost dialog takes the keys.

use commerce_core::order::Order;
use commerce_core::user::User;
use commerce_core::{Amount, OrderId, ProductId, Quantity, Refusal, UserId};

use crate::form::Form;
use crate::in_flight::Sending;
use crate::input::Field;
use crate::keys::Scope;
use crate::list::List;
use crate::palette::Palette;

/// A dialog.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// The search of the present screen's list is typed.
    Search,
    /// Fields to fill in.
    Form(Form),
    /// The cart is about to be ordered and paid.
    Checkout(Sending),
    /// A question with yes or no.
    Question(Question),
    /// A refusal, explained.
    Refusal(Explained),
    /// A customer is picked.
    Picker(Box<Picker>),
    /// A command is looked for.
    Palette(Palette),
    /// The keys of the present screen; the first row on show.
    Help(usize),
}

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub about: About,
    /// How far the change is that a yes sends.
    pub sending: Sending,
}

/// What a question is about.
#[derive(Clone, Debug)]
pub enum About {
    /// To quit although something is under way or typed.
    Quit,
    /// To empty a customer's cart.
    ClearCart(UserId),
    /// To put a product on or off sale.
    OnOff(ProductId, bool),
    /// To deliver every dead event again.
    RetryAll {
        /// How many are known of.
        known: usize,
        /// There are more than are known of.
        more: bool,
    },
}

/// A refusal, and what can be done about it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// What the rule said, with its facts.
    pub refusal: Refusal,
    /// Ways out, the best first.
    pub remedies: Vec<Remedy>,
}

/// A way out of a refusal.
#[derive(Clone, Debug)]
pub enum Remedy {
    /// Charge what is missing.
    Charge(UserId, Amount),
    /// Take as many as there are left, or the line away.
    Reduce(UserId, Vec<(ProductId, Option<Quantity>)>),
    /// Take the lines away.
    Remove(UserId, Vec<ProductId>),
    /// Look at the new total.
    LookAgain,
}

/// What a customer is picked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picking {
    /// To shop.
    Shop,
    /// To see the orders of.
    Orders,
}

/// The customers to pick from.
#[derive(Clone, Debug)]
pub struct Picker {
    /// What for.
    pub purpose: Picking,
    /// The search.
    pub field: Field,
    /// Those who are found.
    pub list: List<User>,
}

impl Dialog {
    /// Where its keys stand in the table.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Search => Scope::Search,
            Self::Form(_) => Scope::Form,
            Self::Checkout(_) | Self::Question(_) => Scope::Question,
            Self::Refusal(_) => Scope::Refusal,
            Self::Picker(_) => Scope::Picker,
            Self::Palette(_) => Scope::Commands,
            Self::Help(_) => Scope::Reading,
        }
    }

    /// How far its change is.
    pub fn sending(&mut self) -> Option<&mut Sending> {
        match self {
            Self::Form(form) => Some(&mut form.sending),
            Self::Checkout(sending) => Some(sending),
            Self::Question(question) => Some(&mut question.sending),
            _ => None,
        }
    }

    /// Whether something typed would be lost with it.
    pub fn unsaved(&self) -> bool {
        matches!(self, Self::Form(form) if form.touched())
    }
}

impl Picker {
    /// Changes the search; another text is searched for at once.
    pub fn type_search(&mut self, change: impl FnOnce(&mut Field) -> bool) {
        if change(&mut self.field) {
            self.list.reset();
        }
    }
}

impl Explained {
    /// Explains a refusal of something that `user` wanted.
    pub fn new(refusal: Refusal, user: Option<&UserId>) -> Self {
        let remedies = match (&refusal, user) {
            (Refusal::InsufficientBalance { balance, total }, Some(user)) => {
                let missing = total.minus(*balance).unwrap_or_default();
                vec![Remedy::Charge(user.clone(), missing)]
            }
            (Refusal::OutOfStock { items }, Some(user)) => {
                let left =
                    items.iter().map(|item| (item.product.clone(), Quantity::try_from(item.available).ok()));
                let short = items.iter().map(|item| item.product.clone()).collect();
                vec![Remedy::Reduce(user.clone(), left.collect()), Remedy::Remove(user.clone(), short)]
            }
            (Refusal::ProductInactive { products }, Some(user)) => {
                vec![Remedy::Remove(user.clone(), products.clone())]
            }
            (Refusal::TotalChanged { .. }, Some(_)) => vec![Remedy::LookAgain],
            _ => Vec::new(),
        };
        Self { refusal, remedies }
    }
}

/// The order's number and what it cost, for the question whether to cancel it.
pub fn cancellable(order: &Order) -> Option<(OrderId, Amount, UserId)> {
    let paid = order.status == commerce_core::order::Status::Paid;
    paid.then(|| (order.order, order.total, order.user.clone()))
}
