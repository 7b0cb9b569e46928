//! Commands: submitted once each, and what follows from their outcome.

use commerce_core::{Amount, Error, cart, catalog};

use crate::dialog::{ConfirmAction, Dialog, RefusalDialog, Remedy};
use crate::effect::{Command, Effect, Operation, Reply};
use crate::in_flight::{InFlight, SubmitState};
use crate::keys::Action;
use crate::model::State;
use crate::text::{count, money};
use crate::toast::ToastKind;

impl State {
    /// Submits an operation, and returns the id of its command. A console that may not change the store submits nothing.
    pub(super) fn submit(&mut self, operation: Operation) -> u64 {
        let command = self.effects.command(operation);
        self.execute(command)
    }

    /// Submits an operation for the topmost dialog, which then waits for the outcome.
    pub(super) fn submit_from_dialog(&mut self, operation: Operation) {
        let id = match operation.edits_cart_of() {
            Some(_) => self.submit_cart_edit(operation),
            None => self.submit(operation),
        };
        self.wait_in_dialog(id);
    }

    /// Submits a command of the topmost dialog again, under the same key.
    pub(super) fn resubmit(&mut self, command: &Command) {
        let command = self.effects.repeat(command);
        let id = self.execute(command);
        self.wait_in_dialog(id);
    }

    /// Orders the cart at the total that is shown.
    pub(super) fn submit_checkout(&mut self) {
        let (Some(user), Some(cart)) = (self.shop.customer.clone(), &self.shop.cart.value) else { return };
        let expected_total = Some(cart.total);
        self.submit_from_dialog(Operation::Checkout(cart::Checkout { user, products: None, expected_total }));
    }

    /// Performs what the user has confirmed.
    pub(super) fn perform_confirmed(&mut self, action: ConfirmAction) {
        let operation = match action {
            ConfirmAction::Quit => return self.effects.push(Effect::Quit),
            ConfirmAction::ClearCart(user) => Operation::ClearCart(cart::Clear { user }),
            ConfirmAction::SetOnSale(product, active) => {
                let (name, price, active) = (None, None, Some(active));
                Operation::UpdateProduct(catalog::Update { product, name, price, active, if_match: None })
            }
            ConfirmAction::RetryAllEvents { .. } => Operation::RetryAllEvents,
        };
        self.submit_from_dialog(operation);
    }

    /// What the balance of the shop's customer lacks to pay the cart; none if it suffices or is not loaded.
    pub fn missing_balance(&self) -> Option<Amount> {
        let (account, cart) = (self.shop.account.value.as_ref()?, self.shop.cart.value.as_ref()?);
        cart.total.minus(account.balance).filter(|missing| missing.get() > 0)
    }

    pub(super) fn handle_outcome(&mut self, id: u64, outcome: Result<Reply, Error>) {
        let Some(index) = self.in_flight.iter().position(|sent| sent.command.id == id) else { return };
        let InFlight { command, .. } = self.in_flight.remove(index);
        let waits = |dialog: &mut Dialog| dialog.submit_state().is_some_and(|state| state.waits_for(id));
        let dialog = self.dialogs.iter_mut().position(waits);
        match &outcome {
            Err(error @ (Error::Gone(_) | Error::Unauthenticated(_))) => self.handle_unavailable_store(error),
            Err(Error::Unavailable(_)) => {
                self.write_failing_since = self.write_failing_since.or(Some(self.now()));
            }
            Ok(_) => self.write_failing_since = None,
            Err(_) => {}
        }
        match outcome {
            Ok(reply) => {
                if let Some(dialog) = dialog {
                    self.dialogs.remove(dialog);
                }
                self.handle_reply(id, reply);
            }
            Err(error) => self.handle_failure(&command, error, dialog),
        }
        // The watcher notices the commit too, but later.
        self.mark_stale();
    }

    fn execute(&mut self, command: Command) -> u64 {
        let id = command.id;
        if self.config.may_change() {
            // An answer in flight would not have this edit.
            if command.operation.edits_cart_of().is_some() {
                self.shop.cart.refetch();
            }
            self.in_flight.push(InFlight { command: command.clone(), since: self.now() });
            self.effects.push(Effect::Execute(command));
        }
        id
    }

    fn wait_in_dialog(&mut self, id: u64) {
        let may_change = self.config.may_change();
        if let Some(state) = self.dialogs.last_mut().and_then(Dialog::submit_state).filter(|_| may_change) {
            *state = SubmitState::InFlight(id);
        }
    }

    fn handle_reply(&mut self, id: u64, reply: Reply) {
        let currency = self.config.currency;
        let money = |amount: Amount| format!("{} {currency}", money(currency, amount.get()));
        match reply {
            Reply::CartEdited(cart) => self.shop.receive_edited_cart(id, cart),
            Reply::OrderPlaced(order) => {
                let (total, balance) = (money(order.total), money(order.balance));
                let text = format!("Order {} paid: {total}. Balance: {balance}.", order.order);
                self.show_toast(ToastKind::Success, text);
                self.shop.undo_stack.clear();
                self.shop.cart.refetch();
                self.shop.account.refetch();
            }
            Reply::OrderCancelled(order) => {
                let text = format!("Order {} cancelled. {} refunded.", order.order, money(order.total));
                self.show_toast(ToastKind::Success, text);
                self.orders.list.refetch();
            }
            Reply::Charged(charged) => {
                let (amount, balance) = (money(charged.amount), money(charged.balance));
                let user = charged.user;
                let text = format!("Charged {user}'s wallet: {amount}. Balance: {balance}.");
                self.show_toast(ToastKind::Success, text);
                if let Some(account) = self.shop.account.value.as_mut().filter(|it| it.user == user) {
                    account.balance = charged.balance;
                }
                self.shop.account.refetch();
                self.customers.list.refetch();
                self.customers.ledger.refetch();
            }
            Reply::UserAdded(user) => {
                self.show_toast(ToastKind::Success, format!("Customer {} added.", user.user));
                if let Some(picker) = self.picker() {
                    picker.list.reset();
                    picker.list.select_when_loaded(user.user.clone());
                }
                self.customers.list.reset();
                self.customers.list.select_when_loaded(user.user);
            }
            Reply::ProductSaved(product) => {
                let sale = if product.active { "on sale" } else { "off sale" };
                let price = money(product.price);
                self.show_toast(ToastKind::Success, format!("{}: {price}, {sale}.", product.product));
                self.products.list.select_when_loaded(product.product);
                self.products.list.refetch();
                self.overview.low_stock.refetch();
            }
            Reply::StockAdjusted(adjusted) => {
                let stock = count(adjusted.stock.get());
                self.show_toast(ToastKind::Success, format!("{}: {stock} in stock.", adjusted.product));
                self.products.list.refetch();
                self.products.history.refetch();
                self.overview.low_stock.refetch();
            }
            Reply::EventsRetried(events) => {
                let text = match events {
                    1 => "1 event will be delivered again.".to_owned(),
                    events => format!("{} events will be delivered again.", count(events)),
                };
                self.show_toast(ToastKind::Success, text);
                self.events.list.refetch();
                self.overview.dead.refetch();
            }
        }
    }

    fn handle_failure(&mut self, command: &Command, error: Error, dialog: Option<usize>) {
        let mut message = error.sentence(self.config.currency);
        if matches!(error, Error::Unknown(_)) && error.unanswered_key().is_none() {
            message.push_str(&format!("; the key is {}", command.key));
        }
        let user = self.shop.customer.clone();
        if command.operation.edits_cart_of().is_some() {
            // The optimistic update was wrong, and so may be the inverses that were computed from it.
            self.shop.undo_stack.clear();
            self.shop.cart.refetch();
            self.shop.cart_selection.clamp(self.shop.lines().len());
        }
        match (error, dialog) {
            (Error::Refused(refusal), Some(dialog))
                if matches!(command.operation, Operation::Checkout(_)) =>
            {
                self.dialogs.remove(dialog);
                self.shop.cart.refetch();
                self.shop.account.refetch();
                let mut dialog = RefusalDialog::new(refusal, user.as_ref());
                if self.disabled_reason(Action::Charge).is_some() {
                    dialog.remedies.retain(|remedy| !matches!(remedy, Remedy::Charge(..)));
                }
                self.dialogs.push(Dialog::Refusal(dialog));
            }
            (error, Some(dialog)) => {
                let may_retry = error.retryable() && !matches!(error, Error::Gone(_));
                let retry = may_retry.then(|| Box::new(command.clone()));
                if let Some(state) = self.dialogs.get_mut(dialog).and_then(Dialog::submit_state) {
                    *state = SubmitState::Failed { message, retry };
                }
            }
            (_, None) => self.show_toast(ToastKind::Error, message),
        }
    }
}
