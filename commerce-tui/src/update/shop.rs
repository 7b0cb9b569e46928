//! The actions of the shop's screen.

use commerce_core::user::User;
use commerce_core::{Error, Quantity, cart};

use crate::cache::Arrival;
use crate::dialog::{ConfirmAction, Dialog, PickerPurpose};
use crate::effect::Operation;
use crate::form::FormKind;
use crate::in_flight::SubmitState;
use crate::keys::Action;
use crate::model::State;
use crate::screen::next_sort;
use crate::toast::ToastKind;

impl State {
    pub(super) fn handle_shop_action(&mut self, action: Action) {
        let product = self.shop.list.selected().map(|product| product.product.clone());
        let line = self.shop.selected_line().cloned();
        match (action, self.shop.customer.clone()) {
            (Action::Search, _) => self.dialogs.push(Dialog::Search),
            (Action::Sort, _) => {
                self.shop.sort = next_sort(self.shop.sort);
                self.shop.list.reset();
            }
            (Action::ChooseCustomer, _) => self.open_picker(PickerPurpose::Cart),
            (_, None) if self.disabled_reason(Action::ChooseCustomer).is_some() => {}
            (_, None) => {
                self.show_toast(ToastKind::Info, "Choose a customer first.");
                self.open_picker(PickerPurpose::Cart);
            }
            (Action::Charge, Some(user)) => self.open_form(FormKind::Charge(user)),
            (Action::AddOne, Some(user)) => {
                if let (Some(product), Ok(one)) = (product, Quantity::try_from(1)) {
                    self.submit_cart_edit(Operation::AddToCart(cart::Add::one(user, product, one)));
                }
            }
            (Action::AddSeveral, Some(user)) => {
                if let Some(product) = product {
                    self.open_form(FormKind::AddToCart(user, product));
                }
            }
            (Action::Increase | Action::Decrease, Some(user)) => {
                if let Some(line) = line {
                    let by = if action == Action::Increase { 1 } else { -1 };
                    let quantity = Quantity::try_from(line.quantity.get() + by).ok();
                    if quantity.is_some() || action == Action::Decrease {
                        let set = cart::Set::one(user, line.product, quantity);
                        self.submit_cart_edit(Operation::SetInCart(set));
                    }
                }
            }
            (Action::Edit, Some(user)) => {
                if let Some(line) = line {
                    self.open_form(FormKind::SetInCart(user, line.product));
                }
            }
            (Action::RemoveLine, Some(user)) => {
                if let Some(line) = line {
                    let remove = cart::Remove { user, products: vec![line.product] };
                    self.submit_cart_edit(Operation::RemoveFromCart(remove));
                }
            }
            (Action::ClearCart, Some(user)) => {
                self.dialogs.push(Dialog::confirm(ConfirmAction::ClearCart(user)));
            }
            (Action::CheckOut, Some(_)) => self.dialogs.push(Dialog::Checkout(SubmitState::Idle)),
            (Action::Undo, Some(_)) => {
                for operation in self.shop.undo_stack.pop().unwrap_or_default() {
                    self.submit_without_undo(operation);
                }
            }
            _ => {}
        }
    }

    /// Submits an edit of the cart, shows it at once, and remembers how to undo it. Returns the id of the command.
    pub(super) fn submit_cart_edit(&mut self, edit: Operation) -> u64 {
        if edit.edits_cart_of() == self.shop.customer.as_ref() {
            let inverse = self.shop.inverse(&edit);
            self.shop.undo_stack.push(inverse);
        }
        self.submit_without_undo(edit)
    }

    /// Stores the account of the shop's customer. A customer who does not exist is not kept.
    pub(super) fn receive_customer(&mut self, arrival: Arrival, result: Result<User, Error>) {
        self.shop.account.receive(arrival, result);
        if let Some(Error::Refused(refusal)) = &self.shop.account.error {
            let text = refusal.to_string();
            self.show_toast(ToastKind::Error, text);
            self.shop.choose_customer(None);
            self.dialogs.retain(|dialog| !matches!(dialog, Dialog::Checkout(_)));
        }
    }

    fn submit_without_undo(&mut self, edit: Operation) -> u64 {
        self.shop.apply_optimistically(&edit);
        let id = self.submit(edit);
        self.shop.last_edit = id;
        id
    }
}
