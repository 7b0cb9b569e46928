//! Sums of units and revenue per product.

use std::collections::HashSet;

use super::lines::lines;
use super::window::Orders;
use crate::error::Error;
use crate::number::OrderId;
use crate::store::Snapshot;

/// Units and revenue of each product, indexed by the number of the product. The numbers have no gaps.
#[derive(Debug)]
pub(super) struct Sales(Vec<(i64, i128)>);

impl Sales {
    /// No sales yet, with room for this many products. It reuses the memory of `spare`, since allocating a few MB each time
    /// would leave the process larger than its data.
    pub(super) fn of(products: i64, spare: Option<Self>) -> Self {
        let len = usize::try_from(products).unwrap_or(0) + 1;
        match spare {
            Some(Self(mut sold)) if sold.capacity() >= len => {
                sold.clear();
                sold.resize(len, (0, 0));
                Self(sold)
            }
            _ => Self(vec![(0, 0); len]),
        }
    }

    pub(super) fn add(&mut self, product: i64, units: i64, revenue: i128) {
        let place = usize::try_from(product).unwrap_or(0);
        if place >= self.0.len() {
            self.0.resize(place + 1, (0, 0));
        }
        let sum = &mut self.0[place];
        *sum = (sum.0 + units, sum.1 + revenue);
    }

    /// The number of products there is room for.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number, units and revenue of each product with sales.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, i64, i128)> {
        let sold = (0..).zip(&self.0).map(|(no, &(units, revenue))| (no, units, revenue));
        sold.filter(|(_, units, _)| *units > 0)
    }

    /// Adds (`sign` 1) or subtracts (-1) the lines of these orders, except for the orders in `except`.
    pub(super) fn count(
        &mut self,
        snapshot: &mut dyn Snapshot,
        span: Orders,
        sign: i64,
        except: &HashSet<OrderId>,
    ) -> Result<(), Error> {
        lines(snapshot, span, |order, product, units, revenue| {
            if !except.contains(&order) {
                self.add(product, sign * units, i128::from(sign) * revenue);
            }
        })
    }
}
