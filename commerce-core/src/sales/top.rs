//! `sales.top`: lists the best-selling products of a time window.

use std::cmp::Reverse;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ahead::{self, Question};
use super::cache::SalesCache;
use super::count::count;
use super::sold::Sales;
use super::statements;
use super::window::{Orders, Window};
use crate::access::Access;
use crate::error::Error;
use crate::id::{Name, ProductId};
use crate::input::{Fault, Faults, Fields, FromInput, Input, Invalid, within};
use crate::money::{Amount, Stock};
use crate::order::until::last_until;
use crate::query::{Query, View};
use crate::row::Value;
use crate::store::Snapshot;
use crate::text::{ValueError, one_of};
use crate::time::Time;

/// Lists the best-selling products of a time window.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Top {
    /// The length of the window in days, 1 to 365.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 365)))]
    pub days: u16,
    /// The most products to return, 1 to 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub limit: u16,
    /// The end of the window; the default is now. A date is the end of that day in UTC.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::end"))]
    pub to: Option<Time>,
    /// The figure to rank by; the default is `units`.
    pub by: RankBy,
}

/// The figure by which best sellers are ranked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RankBy {
    /// Units sold, then revenue.
    #[default]
    Units,
    /// Revenue, then units sold.
    Revenue,
}

/// The best-selling products of a time window. Cancelled orders do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopSellers {
    /// The time window.
    pub window: Span,
    /// The products, best first. Products with equal units and revenue are sorted by id.
    pub items: Vec<Seller>,
}

/// A time window: later than `from`, up to and including `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Span {
    /// The start, which is not in the window.
    pub from: Time,
    /// The end, which is in the window.
    pub to: Time,
}

/// A product with its sales.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Seller {
    /// The rank, beginning with 1.
    pub rank: usize,
    /// The product's id.
    pub product: ProductId,
    /// The product's current name.
    pub name: Name,
    /// The current price of one unit.
    pub price: Amount,
    /// The units in stock.
    pub stock: Stock,
    /// The units sold in the window.
    pub units: i64,
    /// The revenue of these units, at most 2^53 - 1.
    pub revenue: Amount,
}

impl Top {
    /// The `limit` best sellers, 1 to 100, by units, of the last `days` days, 1 to 365.
    ///
    /// # Errors
    /// [`Invalid`] with one entry for each that is out of range.
    pub fn new(days: i64, limit: i64) -> Result<Self, Invalid> {
        let mut faults = Faults::default();
        let mut within = |name: &str, value, max| {
            let fault = |detail| faults.push(Fault { pointer: format!("/{name}"), detail });
            within(value, max).map_err(fault).ok()
        };
        let (days, limit) = (within("days", days, 365), within("limit", limit, 100));
        let (Some(days), Some(limit)) = (days, limit) else { return Err(Invalid(faults)) };
        Ok(Self { days, limit, ..Self::default() })
    }
}

impl Default for Top {
    fn default() -> Self {
        Self { days: 3, limit: 5, to: None, by: RankBy::Units }
    }
}

impl Query for Top {
    const NAME: &'static str = "sales.top";
    const ACCESS: Access = Access::Catalogue;
    type Answer = TopSellers;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (days, limit) = (fields.ranged("days", 365, 3), fields.ranged("limit", 100, 5));
        let (to, by) = (fields.period_to(), fields.optional("by"));
        Some(Self { days: days?, limit: limit?, to: to?, by: by?.unwrap_or_default() })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<TopSellers, Error> {
        let (now, cache, snapshot) = (view.now, view.sales, view.snapshot.as_mut());
        if !snapshot.is_remote() {
            return self.answer_from(snapshot, now, cache);
        }
        let question =
            Question { days: self.days, to: self.to, now, candidates: &|sales| self.candidates(sales) };
        ahead::answer(snapshot, cache, &question, &|snapshot| self.answer_from(snapshot, now, cache))
    }
}

impl Top {
    fn answer_from(
        &self,
        snapshot: &mut dyn Snapshot,
        now: Time,
        cache: &SalesCache,
    ) -> Result<TopSellers, Error> {
        let store = snapshot.rows(&statements::store())?;
        let (newest, products) = store.first().map_or((0, 0), |row| (row[0].int(), row[1].int()));
        let newest = Time::from_millis(newest);
        let to = self.to.unwrap_or_else(|| now.max(newest));
        let from = to.minus_days(self.days);
        let orders = Orders { after: last_until(snapshot, from)?, last: last_until(snapshot, to)? };
        let window = Window { from, to, orders, newest, products };
        let best = match self.to {
            None => cache.sales(snapshot, self.days, &window, |sales| self.best(sales))?,
            Some(_) => self.best(&count(snapshot, &window, None, cache.keep())?),
        };
        Ok(TopSellers { window: Span { from, to }, items: self.sellers(snapshot, best)? })
    }
}

/// The most candidates, of which all may tie.
const MAX_CANDIDATES: usize = 1_024;

impl RankBy {
    const ALL: [Self; 2] = [Self::Units, Self::Revenue];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Revenue => "revenue",
        }
    }

    /// The sort key: the best product has the least key.
    fn order(self, units: i64, revenue: i128) -> Reverse<(i128, i128)> {
        match self {
            Self::Units => Reverse((units.into(), revenue)),
            Self::Revenue => Reverse((revenue, units.into())),
        }
    }
}

impl FromStr for RankBy {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        one_of(text, &Self::ALL.map(|by| (by.as_str(), by)))
    }
}

impl FromInput for RankBy {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

#[cfg(feature = "schema")]
crate::schema::inline_schema!(
    RankBy,
    "By",
    schemars::json_schema!({ "type": "string", "enum": RankBy::ALL.map(RankBy::as_str) })
);

impl Top {
    /// The best `limit` products, including all that tie with the last one.
    fn best(&self, sales: &Sales) -> Vec<(i64, i64, i128)> {
        // The candidates to collect before the best are chosen, unless more tie. All products at once would take more
        // memory than their sums.
        const CANDIDATES: usize = 4_096;
        let order = |&(_, units, revenue): &(i64, i64, i128)| self.by.order(units, revenue);
        let limit = usize::from(self.limit);
        let choose = |candidates: &mut Vec<(i64, i64, i128)>| {
            if candidates.len() > limit {
                candidates.select_nth_unstable_by_key(limit - 1, order);
                let last = order(&candidates[limit - 1]);
                candidates.retain(|sold| order(sold) <= last);
            }
        };
        let (mut best, mut room) = (Vec::new(), CANDIDATES);
        for sold in sales.iter() {
            best.push(sold);
            if best.len() >= room {
                choose(&mut best);
                room = CANDIDATES.max(2 * best.len());
            }
        }
        choose(&mut best);
        best
    }

    /// The products that were the best, and some that may overtake them.
    fn candidates(&self, sales: &Sales) -> Vec<i64> {
        let more = Self { limit: self.limit + 32, ..self.clone() };
        let best = more.best(sales).into_iter().map(|(product, ..)| product);
        best.take(MAX_CANDIDATES).collect()
    }

    /// The products with their names, in the final order.
    fn sellers(
        &self,
        snapshot: &mut dyn Snapshot,
        best: Vec<(i64, i64, i128)>,
    ) -> Result<Vec<Seller>, Error> {
        let numbers: Vec<i64> = best.iter().map(|&(product, ..)| product).collect();
        let rows = snapshot.final_rows(&statements::products(&numbers))?;
        let sold: std::collections::HashMap<i64, (i64, i128)> =
            best.into_iter().map(|(product, units, revenue)| (product, (units, revenue))).collect();
        let seller = |row: &[Value]| -> Result<(i128, Seller), Error> {
            let (units, revenue) = sold.get(&row[0].int()).copied().unwrap_or_default();
            let id = row[1].text();
            let seller = Seller {
                rank: 0,
                price: row[3].read(format_args!("the price of product {id}"))?,
                stock: row[4].read(format_args!("the stock of product {id}"))?,
                product: ProductId::stored(id),
                name: Name::stored(row[2].text()),
                units,
                revenue: Amount::saturated(revenue),
            };
            Ok((revenue, seller))
        };
        let mut sellers = rows.iter().map(seller).collect::<Result<Vec<_>, _>>()?;
        sellers.sort_by(|(paid, a), (other, b)| {
            let order = self.by.order(a.units, *paid).cmp(&self.by.order(b.units, *other));
            order.then_with(|| a.product.cmp(&b.product))
        });
        sellers.truncate(self.limit.into());
        let ranked = (1..).zip(sellers).map(|(rank, (_, seller))| Seller { rank, ..seller });
        Ok(ranked.collect())
    }
}
