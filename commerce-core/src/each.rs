//! Whole lists: every row of a list, in the memory of a page.

use std::ops::ControlFlow;

use crate::commerce::Commerce;
use crate::error::Error;
use crate::query::Paged;

impl Commerce {
    /// Calls `visit` with every row of a list, from the requested page on. The first error of `visit` ends it.
    ///
    /// On a file, all rows come from one snapshot, and memory holds a part of them at a time. While other operations
    /// write, the log of the file cannot be reset until the list is read, and grows; a slow caller should collect the
    /// rows first. A libSQL server ends a transaction after some seconds, and the server of a served shop answers page by
    /// page, so there each part is read from a snapshot of its own. A
    /// row that does not change meanwhile is read exactly once.
    ///
    /// ```
    /// # use commerce_core::{Commerce, Currency, Error, Options, SystemClock, catalog};
    /// # let folder = tempfile::tempdir()?;
    /// # let won = Currency::try_from("KRW")?;
    /// # let shop = Commerce::create(&folder.path().join("shop.db"), won, Options::new(SystemClock))?;
    /// let mut units = 0;
    /// shop.each(catalog::List::default(), |product| {
    ///     units += product.stock.get();
    ///     Ok::<(), Error>(())
    /// })?;
    /// # assert_eq!(units, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A refusal when what is asked for does not exist, the store's failure, or the error of `visit`.
    pub fn each<Q: Paged, E: From<Error>>(
        &self,
        mut query: Q,
        mut visit: impl FnMut(Q::Item) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut long_view = match self.engine("one snapshot of a whole list") {
            Ok(engine) => engine.long_view()?,
            Err(_) => None,
        };
        if let (Some(view), Some((statement, read))) = (&mut long_view, query.whole_list()?) {
            let mut outcome = Ok(());
            view.each(&statement, &mut |row| {
                outcome = read(row).map_err(E::from).and_then(&mut visit);
                if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            return outcome;
        }
        loop {
            *query.page() =
                if self.served().is_some() { query.page().longest() } else { query.page().long() };
            let listing = match &mut long_view {
                Some(view) => query.answer(view)?,
                None => self.query(&query)?,
            };
            listing.items.into_iter().try_for_each(&mut visit)?;
            let Some(next) = listing.next_cursor else { return Ok(()) };
            *query.page() = query.page().at(&next);
        }
    }
}
