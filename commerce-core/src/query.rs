//! What a query is, and the one list of all queries. Each answer comes from one snapshot of the store.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::error::{Error, Invalid};
use crate::input::Fields;
use crate::money::Currency;
use crate::sales::Window;
use crate::store::names::Names;
use crate::store::{Rows, Snapshot, Statement, Value};
use crate::time::Time;
use crate::{cart, catalog, order, outbox, sales, token, user, wallet};

/// A question to the store.
pub trait Query: Send + 'static {
    /// The name, used alike everywhere.
    const NAME: &'static str;
    /// What is answered.
    type Answer: Serialize;

    /// Reads the fields of a JSON object; faults are reported to `fields`.
    fn parse(fields: &mut Fields<'_>) -> Option<Self>
    where
        Self: Sized;

    /// Answers from one snapshot.
    ///
    /// # Errors
    /// A refusal when what is asked for does not exist, or the store's failure.
    fn answer(&self, view: &mut View<'_>) -> Result<Self::Answer, Error>;
}

/// A query that answers a list, page by page.
pub trait Paged: Query<Answer = Listing<Self::Item>> {
    /// A row of the list.
    type Item;

    /// Which page is asked for.
    fn page(&mut self) -> &mut Page;

    /// The rest of the list as one statement, and how its rows are read, where page by page would read much again.
    ///
    /// # Errors
    /// [`Invalid`] for a cursor of another list.
    #[doc(hidden)]
    fn whole(&self) -> Result<Option<Whole<Self::Item>>, Error> {
        Ok(None)
    }
}

/// A statement, and how its rows are read.
pub type Whole<T> = (Statement, fn(&[Value]) -> Result<T, Error>);

/// One snapshot of the store, and what else an answer depends on.
pub struct View<'a> {
    pub(crate) snapshot: Box<dyn Snapshot + 'a>,
    pub(crate) now: Time,
    pub(crate) currency: Currency,
    pub(crate) window: &'a Window,
    /// Users and products that were named, in a view of a whole list.
    pub(crate) names: Option<[Names; 2]>,
}

impl View<'_> {
    pub(crate) fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.snapshot.rows(statement)
    }

    /// Reads rows, and puts the identifiers of users and products in the place of their numbers in two columns. For a
    /// view that has names.
    pub(crate) fn named(&mut self, statement: &Statement, columns: [usize; 2]) -> Result<Rows, Error> {
        let mut rows = self.snapshot.rows(statement)?;
        for (names, column) in self.names.iter_mut().flatten().zip(columns) {
            if let Some(unknown) = names.unknown(&rows, column) {
                names.learn(&self.snapshot.rows(&unknown)?);
            }
            names.fill(&mut rows, column);
        }
        Ok(rows)
    }

    /// Reads row by row, for as long as `take` goes on.
    pub(crate) fn each(
        &mut self,
        statement: &Statement,
        take: &mut dyn FnMut(&[Value]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.snapshot.each(statement, take)
    }

    /// Reads for the last time in this answer.
    pub(crate) fn last(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.snapshot.last(statement)
    }
}

/// Any query, known by its name only at run time. Its answer is JSON.
pub struct AnyQuery(Ask);

type Ask = Box<dyn Fn(&mut View<'_>) -> Result<Json, Error> + Send>;
type Parse = fn(&mut Fields<'_>) -> Option<AnyQuery>;

/// Reads the fields of the query `name`.
///
/// # Errors
/// [`Invalid`] with one entry per fault.
pub fn parse(name: &str, fields: &Json) -> Result<AnyQuery, Invalid> {
    let Some((_, parse)) = QUERIES.iter().find(|(known, _)| *known == name) else {
        return Err(Invalid::at("", format!("{} is no query", crate::id::quoted(name))));
    };
    Fields::read(fields, parse)
}

/// The names of all queries that [`parse`] reads.
pub fn names() -> impl Iterator<Item = &'static str> {
    QUERIES.iter().map(|(name, _)| *name)
}

/// Every query there is.
const QUERIES: [(&str, Parse); 16] = [
    row::<user::Get>(),
    row::<user::List>(),
    row::<wallet::Balance>(),
    row::<wallet::History>(),
    row::<catalog::List>(),
    row::<catalog::Get>(),
    row::<cart::Get>(),
    row::<order::Get>(),
    row::<order::List>(),
    row::<sales::Top>(),
    row::<sales::Series>(),
    row::<outbox::List>(),
    row::<outbox::Since>(),
    row::<outbox::Newest>(),
    row::<outbox::Lag>(),
    row::<token::List>(),
];

const fn row<Q: Query>() -> (&'static str, Parse) {
    (Q::NAME, |fields| Q::parse(fields).map(AnyQuery::new))
}

impl AnyQuery {
    /// Forgets the type of a query.
    pub fn new<Q: Query>(query: Q) -> Self {
        Self(Box::new(move |view| {
            let answer = query.answer(view)?;
            serde_json::to_value(answer).map_err(|e| Error::Store(e.to_string()))
        }))
    }

    pub(crate) fn ask(&self, view: &mut View<'_>) -> Result<Json, Error> {
        (self.0)(view)
    }
}

/// How many rows of a list to answer, and where to go on.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Page {
    /// The most rows to answer.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::page_length"))]
    limit: u16,
    /// Where the page begins: the `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ListOf{T}"))]
pub struct Listing<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Where the next page begins; nothing on the last one.
    pub next_cursor: Option<Cursor>,
}

/// An opaque place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// The text to send back.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 20, cursor: None }
    }
}

impl Page {
    /// The most rows of one page.
    pub const MAX: u16 = 100;

    /// The rows of a page that is read on behalf of a whole list.
    const LONG: u16 = 256;

    /// The first page, of at most `limit` rows (kept within 1 to 100).
    pub fn first(limit: u16) -> Self {
        Self { limit: limit.clamp(1, Self::MAX), cursor: None }
    }

    /// The page of `limit` rows, 1 to 100, at `cursor`, the `next_cursor` of the page before.
    ///
    /// # Errors
    /// [`Invalid`] when `limit` is out of range.
    pub fn new(limit: i64, cursor: Option<&str>) -> Result<Self, Invalid> {
        let limit = within(limit, Self::MAX).map_err(|detail| Invalid::at("/limit", detail))?;
        Ok(Self { limit, cursor: cursor.map(str::to_owned) })
    }

    /// The same page, as long as one that nobody has to look at.
    pub(crate) fn long(&self) -> Self {
        Self { limit: Self::LONG, cursor: self.cursor.clone() }
    }

    /// The page of the same length at `cursor`.
    pub fn at(&self, cursor: &Cursor) -> Self {
        Self { limit: self.limit, cursor: Some(cursor.0.clone()) }
    }

    /// Reads `limit` and `cursor`.
    pub(crate) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (limit, cursor) = (ranged(fields, "limit", Self::MAX, 20), fields.optional("cursor"));
        Some(Self { limit: limit?, cursor: cursor? })
    }

    /// How many rows to read: one more than to answer, to know whether there are more.
    pub(crate) fn reach(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The name of a list in this order and with these filters: a place in one is none in another.
    pub(crate) fn list(name: &str, chosen: &impl Serialize) -> String {
        let digest = Sha256::digest(serde_json::to_vec(chosen).unwrap_or_default());
        format!("{name}:{}", URL_SAFE_NO_PAD.encode(&digest[..9]))
    }

    /// The place at which this page begins, in the list named by `list`.
    pub(crate) fn place<T: DeserializeOwned>(&self, list: &str) -> Result<Option<T>, Invalid> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let text = URL_SAFE_NO_PAD.decode(cursor).ok();
        let read: Option<(String, T)> = text.and_then(|text| serde_json::from_slice(&text).ok());
        match read {
            Some((of, place)) if of == list => Ok(Some(place)),
            _ => Err(Invalid::at(
                "/cursor",
                "is not a cursor of this list in this order and with these filters; take it from next_cursor",
            )),
        }
    }

    /// The page of these rows, which may be one too many; `place` tells where a row stands in the list.
    pub(crate) fn listing<T, P: Serialize>(
        &self,
        list: &str,
        mut items: Vec<T>,
        place: impl FnOnce(&T) -> P,
    ) -> Listing<T> {
        let more = items.len() > self.limit.into();
        items.truncate(self.limit.into());
        let last = if more { items.last() } else { None };
        let next_cursor = last.map(|last| cursor(list, place(last)));
        Listing { items, next_cursor }
    }

    /// The page of these rows, which ends where so many were looked at, though there may be more.
    pub(crate) fn ended<T>(&self, list: &str, items: Vec<T>, place: impl Serialize) -> Listing<T> {
        Listing { items, next_cursor: Some(cursor(list, place)) }
    }
}

fn cursor(list: &str, place: impl Serialize) -> Cursor {
    Cursor(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, place)).unwrap_or_default()))
}

/// An integer from 1 to `max`, or the sentence that says so.
pub(crate) fn within(value: i64, max: u16) -> Result<u16, String> {
    let fits = u16::try_from(value).ok().filter(|value| (1..=max).contains(value));
    fits.ok_or_else(|| format!("must be 1 to {max}, got {value}"))
}

/// An integer field from 1 to `max` that may be left out.
pub(crate) fn ranged(fields: &mut Fields<'_>, name: &'static str, max: u16, default: u16) -> Option<u16> {
    match fields.optional::<i64>(name)? {
        None => Some(default),
        Some(value) => match within(value, max) {
            Ok(value) => Some(value),
            Err(detail) => fields.fault(name, detail),
        },
    }
}
