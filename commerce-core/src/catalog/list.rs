//! `product.list`: the catalogue, searched and sorted, page by page.

use serde_json::Value as Json;

use super::Product;
use super::get::product;
use crate::error::Error;
use crate::input::{Fields, FromJson};
use crate::query::{Listing, Page, Paged, Query, View, Whole};
use crate::store::{Statement, Value};

/// Asks for a page of the catalogue.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List {
    /// Only products whose identifier or name has this text, in upper or lower case.
    pub search: Option<String>,
    /// In which order.
    pub sort: Sort,
    /// Only those on sale, or only those that are not.
    pub active: Option<bool>,
    /// Which page.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub page: Page,
}

/// The order of a list of products. Equal ones stand by identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By identifier.
    #[default]
    Id,
    /// By name, in the order of Unicode's code points.
    Name,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDown,
    /// Least stock first.
    Stock,
}

impl Sort {
    const ALL: [(&'static str, Self); 5] = [
        ("id", Self::Id),
        ("name", Self::Name),
        ("price", Self::Price),
        ("-price", Self::PriceDown),
        ("stock", Self::Stock),
    ];

    /// Every order by its name.
    #[cfg(feature = "schema")]
    pub(crate) fn names() -> [&'static str; 5] {
        Self::ALL.map(|(name, _)| name)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, sort)| *sort == self).map_or("", |(name, _)| name)
    }

    /// Where a product stands in this order.
    fn place(self, product: &Product) -> Json {
        match self {
            Self::Id => product.product.as_str().into(),
            Self::Name => product.name.as_str().into(),
            Self::Price | Self::PriceDown => product.price.get().into(),
            Self::Stock => product.stock.get().into(),
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Id => "p.product",
            Self::Name => "p.name",
            Self::Price | Self::PriceDown => "p.price",
            Self::Stock => "s.stock",
        }
    }
}

impl FromJson for Sort {
    fn from_json(value: &Json) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(name, _)| value.as_str() == Some(name));
        known.map(|&(_, sort)| sort).ok_or_else(|| "must be id, name, price, -price or stock".into())
    }
}

impl Query for List {
    const NAME: &'static str = "product.list";
    type Answer = Listing<Product>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (search, sort) = (fields.optional("search"), fields.optional("sort"));
        let (active, page) = (fields.optional("active"), Page::parse(fields));
        Some(Self { search: search?, sort: sort?.unwrap_or_default(), active: active?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Product>, Error> {
        let list = self.list();
        let place: Option<(Json, String)> = self.page.place(&list)?;
        let rows = view.last(&self.statement(place, self.page.reach()))?;
        let items = rows.iter().map(product).collect::<Result<_, _>>()?;
        Ok(self.page.listing(&list, items, |last: &Product| (self.sort.place(last), last.product.clone())))
    }
}

impl Paged for List {
    type Item = Product;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }

    // By stock, each page would sort the catalogue; dearest first, each reads those of the same price again.
    fn whole(&self) -> Result<Option<Whole<Product>>, Error> {
        let place = self.page.place(&self.list())?;
        Ok(Some((self.statement(place, i64::MAX), product)))
    }
}

impl List {
    fn looked_for(&self) -> Option<String> {
        self.search.as_ref().map(|text| text.to_lowercase())
    }

    fn list(&self) -> String {
        Page::list(Self::NAME, &(self.sort.name(), self.looked_for(), self.active))
    }

    fn statement(&self, place: Option<(Json, String)>, most: i64) -> Statement {
        let mut values: Vec<Value> = vec![most.into()];
        let mut wanted = Vec::new();
        let mut bind = |value: Value| {
            values.push(value);
            format!("?{}", values.len())
        };
        let column = self.sort.column();
        if let Some((key, id)) = place {
            let key = key.as_i64().map_or_else(|| key.as_str().unwrap_or_default().into(), Value::from);
            let (key, id) = (bind(key), bind(id.into()));
            // The row value of an ascending order can be looked up in an index; a mixed one is spelled out.
            wanted.push(match self.sort {
                Sort::PriceDown => format!("p.price <= {key} AND (p.price < {key} OR p.product > {id})"),
                Sort::Id => format!("p.product > {id}"),
                Sort::Name | Sort::Price | Sort::Stock => format!("({column}, p.product) > ({key}, {id})"),
            });
        }
        if let Some(search) = self.looked_for() {
            wanted.push(format!("instr(p.search, {}) > 0", bind(search.into())));
        }
        if let Some(active) = self.active {
            wanted.push(format!("p.active = {}", bind(active.into())));
        }
        let wanted =
            if wanted.is_empty() { String::new() } else { format!("WHERE {}", wanted.join(" AND ")) };
        let down = if self.sort == Sort::PriceDown { " DESC" } else { "" };
        let sql = format!(
            "SELECT p.product, p.name, p.price, s.stock, p.active FROM products p JOIN stocks s USING (product_no)
            {wanted} ORDER BY {column}{down}, p.product LIMIT ?1"
        );
        Statement::new(sql, values)
    }
}
