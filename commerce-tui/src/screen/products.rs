//! The whole catalogue on the left, for administration; what is low in stock on the right.

use commerce_core::Time;
use commerce_core::catalog::{self, Product, Sort};

use crate::desk::Desk;
use crate::dialog::{About, Dialog, Question, Sending};
use crate::effect::{Ask, Topic};
use crate::form::Purpose;
use crate::input::Field;
use crate::keys::Action;
use crate::list::List;
use crate::model::{Pane, State};

use super::Overview;

/// Screen 5.
#[derive(Clone, Debug)]
pub struct Products {
    /// What is searched for.
    pub search: Field,
    /// The order of the list.
    pub sort: Sort,
    /// All products, on sale or not.
    pub list: List<Product>,
}

impl Default for Products {
    fn default() -> Self {
        Self { search: Field::default(), sort: Sort::Id, list: List::default() }
    }
}

impl Products {
    /// Asks for what is wanted.
    pub fn settle(&mut self, desk: &mut Desk) {
        let (search, sort) = (super::wanted(self.search.text()), self.sort);
        self.list.settle(desk, Topic::Products, |page| {
            Ask::Products(catalog::List { search: search.clone(), sort, active: None, page })
        });
    }

    /// When the next question is due.
    pub fn due(&self, overview: &Overview) -> Option<Time> {
        self.list.due().into_iter().chain(overview.low.due()).min()
    }
}

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
            (Action::Sort, _) => self.sort_products(super::next_sort(self.products.sort)),
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
