//! The actions of the products' screen.

use commerce_core::catalog::{Product, Sort};

use crate::dialog::{ConfirmAction, Dialog};
use crate::form::FormKind;
use crate::keys::Action;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::next_sort;

impl State {
    pub(super) fn handle_products_action(&mut self, action: Action) {
        match (action, self.selected_product().cloned()) {
            (Action::Search, _) => self.dialogs.push(Dialog::Search),
            (Action::Sort, _) => self.products.sort_by(next_sort(self.products.sort)),
            (Action::SortByStock, _) => self.products.sort_by(Sort::Stock),
            (Action::New, _) => self.open_form(FormKind::AddProduct),
            (Action::Edit, Some(product)) => self.open_form(FormKind::UpdateProduct(Box::new(product))),
            (Action::AdjustStock, Some(product)) => {
                self.open_form(FormKind::AdjustStock(product.product, product.stock));
            }
            (Action::ToggleOnSale, Some(product)) => {
                let action = ConfirmAction::SetOnSale(product.product, !product.active);
                self.dialogs.push(Dialog::confirm(action));
            }
            _ => {}
        }
    }

    fn selected_product(&self) -> Option<&Product> {
        match self.pane() {
            Pane::Left => self.products.list.selected(),
            Pane::Right => self.overview.selected_low_stock(),
        }
    }
}
