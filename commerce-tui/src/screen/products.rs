//! Screen 5: the whole catalogue on the left, for administration; the products that are low in stock, or what moved the
//! stock of one product, on the right.

use commerce_core::catalog::{self, Product, Sort, StockChange};
use commerce_core::{ProductId, Time};

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
    /// The product whose history is shown instead of low stock.
    pub history_of: Option<ProductId>,
    /// What moved its stock, newest first.
    pub history: List<StockChange>,
}

impl Products {
    /// When the next request is due, if one is.
    pub fn due_at(&self, overview: &Overview) -> Option<Time> {
        let right = match self.history_of {
            Some(_) => self.history.due_at(),
            None => overview.low_stock.due_at(),
        };
        self.list.due_at().into_iter().chain(right).min()
    }

    /// Since when a request is in flight.
    pub fn pending_since(&self) -> Option<Time> {
        self.list.pending_since().into_iter().chain(self.history.pending_since()).min()
    }

    /// Queues the queries that are due, except that of low stock.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue) {
        let (search, sort) = (super::search_text(&self.search), self.sort);
        self.list.fetch_if_due(effects, |number, page| {
            Query::Products(number, catalog::List { search: search.clone(), sort, active: None, page })
        });
        if let Some(product) = &self.history_of {
            self.history.fetch_if_due(effects, |number, page| {
                Query::StockHistory(number, catalog::StockHistory { product: product.clone(), page })
            });
        }
    }

    /// Marks everything as out of date.
    pub fn mark_stale(&mut self) {
        self.list.mark_stale();
        self.history.mark_stale();
    }

    /// Shows the history of a product, or low stock again.
    pub fn show_history_of(&mut self, product: Option<ProductId>) {
        self.history_of = product;
        self.history.reset();
    }

    /// Sorts the list in another order.
    pub fn sort_by(&mut self, sort: Sort) {
        self.sort = sort;
        self.list.reset();
    }
}

impl Default for Products {
    fn default() -> Self {
        let (search, list, history) = (TextField::default(), List::default(), List::default());
        Self { search, sort: Sort::Id, list, history_of: None, history }
    }
}
