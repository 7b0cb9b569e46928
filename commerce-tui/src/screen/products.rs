//! The whole catalogue on the left, for administration; what is low in stock on the right.

use commerce_core::Time;
use commerce_core::catalog::{self, Product, Sort};

use crate::desk::Desk;
use crate::effect::{Ask, Topic};
use crate::input::Field;
use crate::list::List;

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
