//! The invariants of every state.

use crate::dialog::Dialog;
use crate::in_flight::SubmitState;
use crate::model::State;

impl State {
    /// Panics if an invariant is broken.
    pub(crate) fn check(&self) {
        self.shop.list.check();
        self.customers.list.check();
        self.customers.ledger.check();
        self.orders.list.check();
        self.products.list.check();
        self.products.history.check();
        self.events.list.check();
        self.shop.cart_selection.check(self.shop.lines().len());
        self.top.selection.check(self.top.rows().len());
        self.orders.line_selection.check(self.orders.line_count());
        self.overview.low_stock_selection.check(self.overview.low_stock_rows().len());
        self.overview.newest_selection.check(self.overview.newest_rows().len());
        assert!(self.toasts.len() <= 4, "too many toasts");
        assert!(
            self.shop.customer.is_some() || self.shop.undo_stack.is_empty(),
            "edits of a cart without a customer"
        );
        assert!(
            self.config.may_change() || self.in_flight.is_empty(),
            "a console that may not change anything sent a command"
        );
        if let Some(own) = self.config.role.own_user() {
            assert!(self.config.role.sees(self.screen), "a screen that the role may not see");
            assert!(self.shop.customer.as_ref().is_none_or(|user| user == own), "another user's cart");
            assert_eq!(self.orders.user.as_ref(), Some(own), "another user's orders");
            let is_picker = |dialog: &Dialog| matches!(dialog, Dialog::Picker(_));
            assert!(!self.dialogs.iter().any(is_picker), "the choice among all users");
        }
        for (index, dialog) in self.dialogs.iter().enumerate() {
            match dialog {
                Dialog::Form(form) => {
                    assert!(form.focus < form.fields.len(), "the focus is outside the form")
                }
                Dialog::Checkout(_) => assert!(self.shop.customer.is_some(), "a checkout without a customer"),
                Dialog::Search => assert_eq!(index, 0, "a search over a dialog"),
                Dialog::Picker(picker) => picker.list.check(),
                Dialog::Palette(palette) => {
                    let found = self.find_commands(palette.input.text()).len();
                    assert!(palette.selected < found.max(1), "no command is selected");
                }
                Dialog::Confirm(_) | Dialog::Refusal(_) | Dialog::Help(_) => {}
            }
        }
        for dialog in self.dialogs.clone().iter_mut() {
            if let Some(SubmitState::InFlight(id)) = dialog.submit_state() {
                let is_in_flight = self.in_flight.iter().any(|sent| sent.command.id == *id);
                assert!(is_in_flight, "a dialog waits for a command that is not in flight");
            }
        }
    }
}
