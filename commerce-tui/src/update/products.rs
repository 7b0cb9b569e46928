//! The keys of the products' screen.

use commerce_core::catalog::{Product, Sort};

use crate::dialog::{About, Dialog, Question};
use crate::form::Purpose;
use crate::in_flight::Sending;
use crate::keys::Action;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::next_sort;

impl State {
    /// The product that the keys are about.
    fn product(&self) -> Option<&Product> {
        match self.pane() {
            Pane::Left => self.products.list.current(),
            Pane::Right => self.overview.low_row(),
        }
    }

    /// What the products' own keys do.
    pub(crate) fn act_in_products(&mut self, action: Action) {
        match (action, self.product().cloned()) {
            (Action::Search, _) => self.dialogs.push(Dialog::Search),
            (Action::Sort, _) => self.sort_products(next_sort(self.products.sort)),
            (Action::LowFirst, _) => self.sort_products(Sort::Stock),
            (Action::New, _) => self.open_form(Purpose::AddProduct),
            (Action::Edit, Some(product)) => self.open_form(Purpose::UpdateProduct(Box::new(product))),
            (Action::Restock, Some(product)) => {
                self.open_form(Purpose::Restock(product.product, product.stock));
            }
            (Action::OnOff, Some(product)) => {
                let about = About::OnOff(product.product, !product.active);
                self.dialogs.push(Dialog::Question(Question { about, sending: Sending::Not }));
            }
            _ => {}
        }
    }

    fn sort_products(&mut self, sort: Sort) {
        self.products.sort = sort;
        self.products.list.reset();
    }
}
