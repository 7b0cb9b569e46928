//! What a query is, and what it is answered from. Each answer comes from one snapshot of the store.

use std::ops::ControlFlow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::access::Access;
use crate::currency::Currency;
use crate::error::{Cause, Error};
use crate::id_cache::IdCache;
use crate::input::{Fields, json_object};
use crate::page::{Listing, Page};
use crate::row::{Rows, Statement, Value};
use crate::sales::SalesCache;
use crate::store::Snapshot;
use crate::time::Time;

/// A question to the store. All queries are in this crate.
pub trait Query: Serialize + Send + 'static {
    /// The name in routes, such as `order.get`.
    const NAME: &'static str;
    /// Who may ask it.
    const ACCESS: Access;
    /// The answer.
    type Answer: Serialize + DeserializeOwned;

    /// Reads the query from its fields. It reports faults to `fields`, and then returns `None`.
    fn parse(fields: &mut Fields<'_>) -> Option<Self>
    where
        Self: Sized;

    /// Answers from one snapshot.
    ///
    /// # Errors
    /// A refusal when what is asked for does not exist, or the store's failure.
    #[doc(hidden)]
    fn answer(&self, view: &mut View<'_>) -> Result<Self::Answer, Error>;
}

/// A query that answers a list, page by page.
pub trait Paged: Query<Answer = Listing<Self::Item>> {
    /// An item of the list.
    type Item;

    /// The page that is asked for.
    fn page(&mut self) -> &mut Page;

    /// The rest of the list as one statement, and how its rows are read, if reading it page by page would read rows
    /// again.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor of another list.
    #[doc(hidden)]
    fn whole_list(&self) -> Result<Option<WholeList<Self::Item>>, Error> {
        Ok(None)
    }
}

/// A statement, and how its rows are read.
pub type WholeList<T> = (Statement, fn(&[Value]) -> Result<T, Error>);

/// A snapshot of the store, with everything else that an answer depends on.
pub struct View<'a> {
    pub(crate) snapshot: Box<dyn Snapshot + 'a>,
    pub(crate) now: Time,
    pub(crate) currency: Currency,
    pub(crate) sales: &'a SalesCache,
    /// The caches of users' and products' identifiers, in a view of a whole list.
    pub(crate) id_caches: Option<[IdCache; 2]>,
}

impl View<'_> {
    pub(crate) fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.snapshot.rows(statement)
    }

    /// Reads rows, and replaces the numbers of users and products in two columns by their identifiers. The view must
    /// have caches.
    pub(crate) fn rows_with_ids(
        &mut self,
        statement: &Statement,
        columns: [usize; 2],
    ) -> Result<Rows, Error> {
        let mut rows = self.snapshot.rows(statement)?;
        for (cache, column) in self.id_caches.iter_mut().flatten().zip(columns) {
            if let Some(unknown) = cache.missing(&rows, column) {
                cache.insert(&self.snapshot.rows(&unknown)?);
            }
            cache.resolve(&mut rows, column);
        }
        Ok(rows)
    }

    /// Reads row by row, until `visit` breaks.
    pub(crate) fn each(
        &mut self,
        statement: &Statement,
        visit: &mut dyn FnMut(&[Value]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.snapshot.each(statement, visit)
    }

    /// Reads the rows of the last statements of this answer. On a server this is one request.
    pub(crate) fn final_batch<const N: usize>(
        &mut self,
        statements: [Statement; N],
    ) -> Result<[Rows; N], Error> {
        let rows = self.snapshot.final_batch(&statements)?;
        rows.try_into().map_err(|_| Error::Store("a statement has no answer".into()))
    }

    /// Reads the rows of the last statement of this answer.
    pub(crate) fn final_rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.snapshot.final_rows(statement)
    }
}

/// What [`Commerce::query`](crate::Commerce::query) answers: a [`Query`] or an [`AnyQuery`].
pub trait Answerable {
    /// The type of the answer.
    type Answer;

    /// Its name, such as `order.get`.
    #[doc(hidden)]
    fn name(&self) -> &'static str;

    /// Its fields, as a JSON object.
    ///
    /// # Errors
    /// [`Error::Store`] when they cannot be written as JSON.
    #[doc(hidden)]
    fn fields(&self) -> Result<Vec<u8>, Error>;

    #[doc(hidden)]
    fn answer_from(&self, view: &mut View<'_>) -> Result<Self::Answer, Error>;

    /// Reads an answer that was given as JSON.
    ///
    /// # Errors
    /// [`Error::Store`] for anything else.
    #[doc(hidden)]
    fn read_answer(json: &[u8]) -> Result<Self::Answer, Error>;
}

impl<Q: Query> Answerable for Q {
    type Answer = Q::Answer;

    fn name(&self) -> &'static str {
        Q::NAME
    }

    fn fields(&self) -> Result<Vec<u8>, Error> {
        json_object(self)
    }

    fn answer_from(&self, view: &mut View<'_>) -> Result<Q::Answer, Error> {
        self.answer(view)
    }

    fn read_answer(json: &[u8]) -> Result<Q::Answer, Error> {
        serde_json::from_slice(json).map_err(|e| Error::Store(Cause::of(e)))
    }
}

/// Any query, known by its name only at run time. Its answer is JSON.
pub struct AnyQuery(Box<dyn Ask>);

impl AnyQuery {
    /// Any query, from a query of a known type.
    pub fn new<Q: Query>(query: Q) -> Self {
        Self(Box::new(query))
    }

    /// Who may ask it.
    pub fn access(&self) -> Access {
        self.0.access()
    }

    /// Answers as JSON text.
    pub(crate) fn answer_text(&self, view: &mut View<'_>) -> Result<Vec<u8>, Error> {
        self.0.answer_text(view)
    }
}

/// A query without its type.
trait Ask: Send {
    fn name(&self) -> &'static str;
    fn access(&self) -> Access;
    fn fields(&self) -> Result<Vec<u8>, Error>;
    fn answer(&self, view: &mut View<'_>) -> Result<Json, Error>;
    fn answer_text(&self, view: &mut View<'_>) -> Result<Vec<u8>, Error>;
}

impl<Q: Query> Ask for Q {
    fn name(&self) -> &'static str {
        Q::NAME
    }

    fn access(&self) -> Access {
        Q::ACCESS
    }

    fn fields(&self) -> Result<Vec<u8>, Error> {
        json_object(self)
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Json, Error> {
        let answer = Query::answer(self, view)?;
        serde_json::to_value(answer).map_err(|e| Error::Store(Cause::of(e)))
    }

    fn answer_text(&self, view: &mut View<'_>) -> Result<Vec<u8>, Error> {
        let answer = Query::answer(self, view)?;
        serde_json::to_vec(&answer).map_err(|e| Error::Store(Cause::of(e)))
    }
}

impl Answerable for AnyQuery {
    type Answer = Json;

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn fields(&self) -> Result<Vec<u8>, Error> {
        self.0.fields()
    }

    fn answer_from(&self, view: &mut View<'_>) -> Result<Json, Error> {
        self.0.answer(view)
    }

    fn read_answer(json: &[u8]) -> Result<Json, Error> {
        serde_json::from_slice(json).map_err(|e| Error::Store(Cause::of(e)))
    }
}
