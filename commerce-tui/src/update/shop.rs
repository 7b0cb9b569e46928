//! The keys of the shop's screen, and the edits of the cart: shown at once, sent, and undone.

use std::time::Duration;

use commerce_core::user::User;
use commerce_core::{Error, Quantity, cart};

use crate::dialog::{About, Dialog, Picking, Question};
use crate::effect::Deed;
use crate::form::Purpose;
use crate::in_flight::Sending;
use crate::keys::Action;
use crate::model::State;
use crate::screen::next_sort;
use crate::toast::News;

impl State {
    /// What the shop's own keys do.
    pub(crate) fn act_in_shop(&mut self, action: Action) {
        let product = self.shop.list.current().map(|product| product.product.clone());
        let line = self.shop.line().cloned();
        match (action, self.shop.customer.clone()) {
            (Action::Search, _) => self.dialogs.push(Dialog::Search),
            (Action::Sort, _) => {
                self.shop.sort = next_sort(self.shop.sort);
                self.shop.list.reset();
            }
            (Action::Who, _) => self.pick(Picking::Shop),
            (_, None) => {
                self.tell(News::Note, "First choose whose cart it is.");
                self.pick(Picking::Shop);
            }
            (Action::Charge, Some(user)) => self.open_form(Purpose::Charge(user)),
            (Action::Add, Some(user)) => {
                let one = Quantity::try_from(1).ok();
                if let (Some(product), Some(quantity)) = (product, one) {
                    self.edit_cart(Deed::AddToCart(cart::Add::one(user, product, quantity)));
                }
            }
            (Action::AddMany, Some(user)) => {
                if let Some(product) = product {
                    self.open_form(Purpose::AddToCart(user, product));
                }
            }
            (Action::More | Action::Less, Some(user)) => {
                if let Some(line) = line {
                    let by = if action == Action::More { 1 } else { -1 };
                    let quantity = Quantity::try_from(line.quantity.get() + by).ok();
                    if quantity.is_some() || action == Action::Less {
                        self.edit_cart(Deed::SetInCart(cart::Set::one(user, line.product, quantity)));
                    }
                }
            }
            (Action::Edit, Some(user)) => {
                if let Some(line) = line {
                    self.open_form(Purpose::SetInCart(user, line.product));
                }
            }
            (Action::Remove, Some(user)) => {
                if let Some(line) = line {
                    self.edit_cart(Deed::RemoveFromCart(cart::Remove { user, products: vec![line.product] }));
                }
            }
            (Action::Clear, Some(user)) => {
                let about = About::ClearCart(user);
                self.dialogs.push(Dialog::Question(Question { about, sending: Sending::Not }));
            }
            (Action::Buy, Some(_)) => self.dialogs.push(Dialog::Checkout(Sending::Not)),
            (Action::Undo, Some(_)) => {
                for deed in self.shop.undo.pop().unwrap_or_default() {
                    self.send_edit(deed);
                }
            }
            _ => {}
        }
    }

    /// Sends an edit of the cart that can be undone.
    pub(crate) fn edit_cart(&mut self, deed: Deed) -> u64 {
        if deed.edits_cart_of() == self.shop.customer.as_ref() {
            let back = self.shop.way_back(&deed);
            self.shop.undo.push(back);
        }
        self.send_edit(deed)
    }

    fn send_edit(&mut self, deed: Deed) -> u64 {
        match &deed {
            Deed::SetInCart(edit) => {
                for (product, units) in edit.items.iter() {
                    self.shop.foresee(product, Quantity::try_from(units).ok());
                }
            }
            Deed::RemoveFromCart(remove) => {
                for product in &remove.products {
                    self.shop.foresee(product, None);
                }
            }
            Deed::AddToCart(add) => {
                for (product, units) in add.items.iter() {
                    let sum = self
                        .shop
                        .in_cart(product)
                        .and_then(|held| Quantity::try_from(held.get() + units).ok());
                    if sum.is_some() {
                        self.shop.foresee(product, sum);
                    }
                }
            }
            _ => {}
        }
        let number = self.send(deed);
        self.shop.edit = number;
        number
    }

    /// Takes what the store says of the chosen customer; one who does not exist is chosen no more.
    pub(crate) fn take_customer(&mut self, number: u64, took: Duration, told: Result<User, Error>) {
        let now = self.now();
        self.shop.who.take(number, now, took, told);
        if let Some(Error::Refused(refusal)) = &self.shop.who.fault {
            let told = refusal.to_string();
            self.tell(News::Bad, told);
            self.shop.choose(None);
            self.dialogs.retain(|dialog| !matches!(dialog, Dialog::Checkout(_)));
        }
    }
}
