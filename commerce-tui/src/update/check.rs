//! What holds of every state, whatever was pressed.

use crate::dialog::Dialog;
use crate::in_flight::Sending;
use crate::list::{List, Row};
use crate::model::State;

impl State {
    /// Panics where something does not fit together.
    pub(crate) fn check(&self) {
        fn list<T: Row>(list: &List<T>) {
            list.check();
        }
        list(&self.shop.list);
        list(&self.customers.list);
        list(&self.customers.ledger);
        list(&self.orders.list);
        list(&self.products.list);
        list(&self.events.list);
        self.shop.spot.check(self.shop.lines().len());
        self.top.spot.check(self.top.rows().len());
        self.orders.spot.check(self.orders.lines());
        self.overview.low_spot.check(self.overview.low_rows().len());
        self.overview.newest_spot.check(self.overview.newest_rows().len());
        assert!(self.toasts.len() <= 4, "too much news");
        assert!(self.shop.customer.is_some() || self.shop.undo.is_empty(), "an undo of nobody's cart");
        assert!(!self.setup.read_only || self.sent.is_empty(), "an operation though nothing may change");
        for (place, dialog) in self.dialogs.iter().enumerate() {
            match dialog {
                Dialog::Form(form) => assert!(form.focus < form.fields.len(), "no such field"),
                Dialog::Checkout(_) => assert!(self.shop.customer.is_some(), "nobody checks out"),
                Dialog::Search => assert_eq!(place, 0, "a search over a dialog"),
                Dialog::Picker(picker) => picker.list.check(),
                Dialog::Palette(palette) => {
                    let found = self.commands(palette.field.text()).len();
                    assert!(palette.selected < found.max(1), "no such command");
                }
                Dialog::Question(_) | Dialog::Refusal(_) | Dialog::Help(_) => {}
            }
        }
        let waits = |number: u64| self.sent.iter().any(|sent| sent.change.number == number);
        for dialog in self.dialogs.clone().iter_mut() {
            if let Some(Sending::Sent(number)) = dialog.sending() {
                assert!(waits(*number), "a dialog waits for nothing");
            }
        }
    }
}
