//! Screen 5: the whole catalogue on the left, for administration; the products that are low in stock on the right.

use commerce_core::Time;
use commerce_core::catalog::{self, Product, Sort};

use super::Overview;
use crate::effect::Query;
use crate::effect_queue::EffectQueue;
use crate::list::List;
use crate::text_field::TextField;

/// The state of the screen. The products that are low in stock are kept by the overview.
#[derive(Clone, Debug)]
pub struct Products {
    /// The search.
    pub search: TextField,
    /// The sort order.
    pub sort: Sort,
    /// The products that match the search, on sale or not.
    pub list: List<Product>,
}

impl Products {
    /// When the next request is due, if one is.
    pub fn due_at(&self, overview: &Overview) -> Option<Time> {
        self.list.due_at().into_iter().chain(overview.low_stock.due_at()).min()
    }

    /// Queues the queries that are due.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue) {
        let (search, sort) = (super::search_text(&self.search), self.sort);
        self.list.fetch_if_due(effects, |number, page| {
            Query::Products(number, catalog::List { search: search.clone(), sort, active: None, page })
        });
    }

    /// Sorts the list in another order.
    pub fn sort_by(&mut self, sort: Sort) {
        self.sort = sort;
        self.list.reset();
    }
}

impl Default for Products {
    fn default() -> Self {
        Self { search: TextField::default(), sort: Sort::Id, list: List::default() }
    }
}
