//! Operations: sent once each, and what follows from their outcome.

use commerce_core::{Amount, Error, cart, catalog};

use crate::dialog::{About, Dialog, Explained};
use crate::effect::{Change, Deed, Done, Effect};
use crate::in_flight::Sending;
use crate::in_flight::Sent;
use crate::model::State;
use crate::spot::Move;
use crate::text::{count, money};
use crate::toast::News;

impl State {
    /// Sends an operation, and gives its number. A console that only reads sends nothing.
    pub(crate) fn send(&mut self, deed: Deed) -> u64 {
        let change = self.desk.change(deed);
        self.dispatch(change)
    }

    /// Sends an operation from the topmost dialog, which waits for the outcome.
    pub(super) fn send_from_dialog(&mut self, deed: Deed) {
        let number = match deed.edits_cart_of() {
            Some(_) => self.edit_cart(deed),
            None => self.send(deed),
        };
        self.wait_in_dialog(number);
    }

    /// Sends an operation of which nobody knows the outcome once more, under the same key.
    pub(super) fn send_again(&mut self, change: &Change) {
        let change = self.desk.again(change);
        let number = self.dispatch(change);
        self.wait_in_dialog(number);
    }

    /// Orders the cart, at the total that is on show.
    pub(super) fn check_out(&mut self) {
        let (Some(user), Some(cart)) = (self.shop.customer.clone(), &self.shop.cart.value) else { return };
        let expected_total = Some(cart.total);
        self.send_from_dialog(Deed::Checkout(cart::Checkout { user, products: None, expected_total }));
    }

    /// Does what a question was about.
    pub(super) fn send_answered(&mut self, about: About) {
        let deed = match about {
            About::ClearCart(user) => Deed::ClearCart(cart::Clear { user }),
            About::OnOff(product, active) => {
                let (name, price) = (None, None);
                Deed::UpdateProduct(catalog::Update { product, name, price, active: Some(active) })
            }
            About::RetryAll { .. } => Deed::RetryAll,
            About::Quit => return,
        };
        self.send_from_dialog(deed);
    }

    /// What the chosen customer's wallet lacks for the cart.
    pub fn missing(&self) -> Option<Amount> {
        let (who, cart) = (self.shop.who.value.as_ref()?, self.shop.cart.value.as_ref()?);
        cart.total.minus(who.balance).filter(|missing| missing.get() > 0)
    }

    fn dispatch(&mut self, change: Change) -> u64 {
        let number = change.number;
        if !self.setup.read_only {
            // A cart that was asked for before comes too late.
            if change.deed.edits_cart_of().is_some() {
                self.shop.cart.renew();
            }
            self.sent.push(Sent { change: change.clone(), since: self.now() });
            self.desk.want(Effect::Do(change));
        }
        number
    }

    fn wait_in_dialog(&mut self, number: u64) {
        let read_only = self.setup.read_only;
        if let Some(sending) = self.dialogs.last_mut().and_then(Dialog::sending).filter(|_| !read_only) {
            *sending = Sending::Sent(number);
        }
    }

    pub(super) fn decided(&mut self, number: u64, outcome: Result<Done, Error>) {
        let Some(place) = self.sent.iter().position(|sent| sent.change.number == number) else { return };
        let sent = self.sent.remove(place);
        let waits = |dialog: &mut Dialog| dialog.sending().is_some_and(|sending| sending.waits_for(number));
        let dialog = self.dialogs.iter_mut().position(waits);
        match &outcome {
            Err(error @ Error::Gone(_)) => self.lose(error),
            Err(Error::Unavailable(_)) => self.unwritten = self.unwritten.or(Some(self.now())),
            // Whatever was decided was committed, or was not because of a rule.
            Ok(_) => self.unwritten = None,
            Err(_) => {}
        }
        match outcome {
            Ok(done) => {
                if let Some(dialog) = dialog {
                    self.dialogs.remove(dialog);
                }
                self.succeeded(number, done);
            }
            Err(error) => self.failed(&sent.change, error, dialog),
        }
        // The commit is noticed anyway, but not at once.
        self.touch();
    }

    fn succeeded(&mut self, number: u64, done: Done) {
        let currency = self.setup.currency;
        let money = |amount: Amount| format!("{} {currency}", money(currency, amount.get()));
        match done {
            Done::Cart(cart) => self.shop.edited(number, cart),
            Done::Ordered(order) => {
                let (total, left) = (money(order.total), money(order.balance));
                self.tell(News::Good, format!("Order {} is paid: {total}. Left: {left}.", order.order));
                self.shop.undo.clear();
                self.shop.cart.renew();
                self.shop.who.renew();
            }
            Done::Cancelled(order) => {
                let back = money(order.total);
                self.tell(News::Good, format!("Order {} is cancelled; {back} went back.", order.order));
                self.orders.list.renew();
            }
            Done::Charged(charged) => {
                let (amount, balance) = (money(charged.amount), money(charged.balance));
                let user = charged.user;
                self.tell(News::Good, format!("{user} is charged {amount}; the balance is {balance}."));
                if let Some(who) = self.shop.who.value.as_mut().filter(|who| who.user == user) {
                    who.balance = charged.balance;
                }
                self.shop.who.renew();
                self.customers.list.renew();
                self.customers.ledger.renew();
            }
            Done::Added(user) => {
                self.tell(News::Good, format!("{} is a customer now.", user.user));
                if let Some(picker) = self.picker() {
                    picker.list.reset();
                    picker.list.wish(user.user.clone());
                }
                self.customers.list.reset();
                self.customers.list.wish(user.user);
            }
            Done::Product(product) => {
                let sale = if product.active { "on sale" } else { "off sale" };
                let price = money(product.price);
                self.tell(News::Good, format!("{}: {price}, {sale}.", product.product));
                self.products.list.wish(product.product);
                self.products.list.renew();
                self.overview.low.renew();
            }
            Done::Adjusted(adjusted) => {
                let stock = count(adjusted.stock.get());
                self.tell(News::Good, format!("{}: {stock} in stock.", adjusted.product));
                self.products.list.renew();
                self.overview.low.renew();
            }
            Done::Retried(events) => {
                let events = count(events);
                self.tell(News::Good, format!("Delivered again: {events} event(s)."));
                self.events.list.renew();
                self.overview.dead.renew();
            }
        }
    }

    fn failed(&mut self, change: &Change, error: Error, dialog: Option<usize>) {
        let told = error.sentence(self.setup.currency);
        let user = self.shop.customer.clone();
        if change.deed.edits_cart_of().is_some() {
            // What was foreseen did not come true, so that earlier ways back may lead elsewhere.
            self.shop.undo.clear();
            self.shop.cart.renew();
            self.shop.spot.go(Move::By(0), self.shop.lines().len());
        }
        match (error, dialog) {
            (Error::Refused(refusal), Some(dialog)) if matches!(change.deed, Deed::Checkout(_)) => {
                self.dialogs.remove(dialog);
                self.shop.cart.renew();
                self.shop.who.renew();
                self.dialogs.push(Dialog::Refusal(Explained::new(refusal, user.as_ref())));
            }
            (error, Some(dialog)) => {
                let again = error.retryable() && !matches!(error, Error::Gone(_));
                let again = again.then(|| Box::new(change.clone()));
                if let Some(sending) = self.dialogs.get_mut(dialog).and_then(Dialog::sending) {
                    *sending = Sending::Failed(told, again);
                }
            }
            (_, None) => self.tell(News::Bad, told),
        }
    }
}
