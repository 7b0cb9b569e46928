//! The dialogs that open over a screen. The topmost one takes the keys.

use commerce_core::order::{Order, Status};
use commerce_core::user::User;
use commerce_core::{Amount, OrderId, ProductId, Quantity, Refusal, UserId};

use crate::form::Form;
use crate::in_flight::SubmitState;
use crate::keys::Scope;
use crate::list::List;
use crate::palette::Palette;
use crate::text_field::TextField;

/// A dialog.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// The search line of the screen's list.
    Search,
    /// Fields to fill in.
    Form(Form),
    /// The confirmation of an order, with its total.
    Checkout(SubmitState),
    /// Any other question that is answered yes or no.
    Confirm(ConfirmDialog),
    /// The explanation of a refusal.
    Refusal(RefusalDialog),
    /// The choice of a customer.
    Picker(Box<CustomerPicker>),
    /// The command palette.
    Palette(Palette),
    /// The keys of the screen; holds the first visible line.
    Help(usize),
}

/// A question that is answered yes or no.
#[derive(Clone, Debug)]
pub struct ConfirmDialog {
    /// What a yes does.
    pub action: ConfirmAction,
    /// The state of the command that a yes submits.
    pub submit: SubmitState,
}

/// What a yes does.
#[derive(Clone, Debug)]
pub enum ConfirmAction {
    /// Quits although a command is in flight or a form is filled in.
    Quit,
    /// Empties a customer's cart.
    ClearCart(UserId),
    /// Puts a product on sale (true) or takes it off sale (false).
    SetOnSale(ProductId, bool),
    /// Delivers every dead event again.
    RetryAllEvents {
        /// How many dead events are loaded.
        loaded: usize,
        /// Whether there are more.
        more: bool,
    },
}

/// The explanation of a refusal.
#[derive(Clone, Debug)]
pub struct RefusalDialog {
    /// The refusal with its facts.
    pub refusal: Refusal,
    /// What the user can do about it, the likeliest first; at most two.
    pub remedies: Vec<Remedy>,
}

/// What the user can do about a refusal.
#[derive(Clone, Debug)]
pub enum Remedy {
    /// Charge the missing amount.
    Charge(UserId, Amount),
    /// Reduce the quantities to what is in stock; none removes the line.
    Reduce(UserId, Vec<(ProductId, Option<Quantity>)>),
    /// Remove these lines from the cart.
    Remove(UserId, Vec<ProductId>),
    /// Check out again, at the new total.
    ReviewTotal,
}

/// The choice of a customer.
#[derive(Clone, Debug)]
pub struct CustomerPicker {
    /// What the customer is chosen for.
    pub purpose: PickerPurpose,
    /// The search.
    pub search: TextField,
    /// The customers that match it.
    pub list: List<User>,
}

/// What a customer is chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickerPurpose {
    /// To shop for.
    Cart,
    /// To show the orders of.
    Orders,
}

impl Dialog {
    /// The scope of its keys.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Search => Scope::Search,
            Self::Form(_) => Scope::Form,
            Self::Checkout(_) | Self::Confirm(_) => Scope::Confirm,
            Self::Refusal(_) => Scope::Refusal,
            Self::Picker(_) => Scope::Picker,
            Self::Palette(_) => Scope::Palette,
            Self::Help(_) => Scope::Help,
        }
    }

    /// The state of the command that it submits, if it submits any.
    pub fn submit_state(&mut self) -> Option<&mut SubmitState> {
        match self {
            Self::Form(form) => Some(&mut form.submit),
            Self::Checkout(submit) => Some(submit),
            Self::Confirm(confirm) => Some(&mut confirm.submit),
            _ => None,
        }
    }

    /// Whether closing it would lose what the user has typed.
    pub fn has_unsaved_input(&self) -> bool {
        matches!(self, Self::Form(form) if form.is_modified())
    }

    /// A question that has not been answered yet.
    pub fn confirm(action: ConfirmAction) -> Self {
        Self::Confirm(ConfirmDialog { action, submit: SubmitState::Idle })
    }
}

impl CustomerPicker {
    /// Edits the search. `edit` returns whether it changed the text, which starts the list from the top.
    pub fn edit_search(&mut self, edit: impl FnOnce(&mut TextField) -> bool) {
        if edit(&mut self.search) {
            self.list.reset();
        }
    }
}

impl RefusalDialog {
    /// Explains why an order of `user` was refused.
    pub fn new(refusal: Refusal, user: Option<&UserId>) -> Self {
        let remedies = match (&refusal, user) {
            (Refusal::InsufficientBalance { balance, total }, Some(user)) => {
                let missing = total.minus(*balance).unwrap_or_default();
                vec![Remedy::Charge(user.clone(), missing)]
            }
            (Refusal::OutOfStock { items }, Some(user)) => {
                let available =
                    items.iter().map(|item| (item.product.clone(), Quantity::try_from(item.available).ok()));
                let short = items.iter().map(|item| item.product.clone()).collect();
                vec![Remedy::Reduce(user.clone(), available.collect()), Remedy::Remove(user.clone(), short)]
            }
            (Refusal::ProductInactive { products }, Some(user)) => {
                vec![Remedy::Remove(user.clone(), products.clone())]
            }
            (Refusal::TotalChanged { .. }, Some(_)) => vec![Remedy::ReviewTotal],
            _ => Vec::new(),
        };
        Self { refusal, remedies }
    }
}

/// What the form that cancels an order needs: the order, its total and its customer. None if the order is not paid.
pub fn cancellable(order: &Order) -> Option<(OrderId, Amount, UserId)> {
    (order.status == Status::Paid).then(|| (order.order, order.total, order.user.clone()))
}
