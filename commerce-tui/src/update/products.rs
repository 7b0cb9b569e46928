//! The actions of the products' screen.

use commerce_core::ProductId;
use commerce_core::catalog::{Product, Sort};

use crate::dialog::{ConfirmAction, Dialog};
use crate::form::FormKind;
use crate::keys::Action;
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::next_sort;

impl State {
    pub(super) fn handle_products_action(&mut self, action: Action) {
        match (action, self.selected_product().cloned()) {
            (Action::Search, _) => self.dialogs.push(Dialog::Search),
            (Action::Sort, _) => self.products.sort_by(next_sort(self.products.sort)),
            (Action::SortByStock, _) => self.products.sort_by(Sort::Stock),
            (Action::StockHistory, product) => self.toggle_history(product.map(|product| product.product)),
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
        match (self.pane(), &self.products.history_of) {
            (Pane::Left, _) => self.products.list.selected(),
            (Pane::Right, None) => self.overview.selected_low_stock(),
            // Of another product only the history is known.
            (Pane::Right, Some(shown)) => {
                self.products.list.selected().filter(|product| product.product == *shown)
            }
        }
    }

    /// Shows the history of the selected product, or low stock if it is shown already.
    fn toggle_history(&mut self, selected: Option<ProductId>) {
        let shows = self.products.history_of.is_some();
        let closes = shows && (self.pane() == Pane::Right || selected == self.products.history_of);
        self.products.show_history_of(selected.filter(|_| !closes));
        let areas = Areas::of(self.size, self.screen, self.pane());
        if self.products.history_of.is_some() && areas.is_some_and(|areas| areas.pane(Pane::Right).is_empty())
        {
            self.focus_pane(Pane::Right);
        }
    }
}
