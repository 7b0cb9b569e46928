//! One run of the program: the store, which is opened when a command first needs it, and the ways to print and to ask.

use std::cell::OnceCell;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc;
use std::time::Duration;

use commerce_core::{
    Amount, Answer, Commerce, Currency, Cursor, Location, Operation, Options, Paged, Query, Submission,
    SystemClock, Warning, escape,
};

use crate::diagnostics::Diagnostics;
use crate::failure::Failure;
use crate::options::{Color, Format, Global, PageArgs};
use crate::output::{BATCH, Columns, ListPrinter, Record, Style, print};
use crate::store::Store;
use crate::values::{self, Values};

/// One run of the program.
pub struct Session {
    /// The global options.
    pub global: Global,
    store: OnceCell<Store>,
    shop: OnceCell<Commerce>,
}

impl Session {
    /// A session with these global options. It opens no store yet.
    pub fn new(global: Global) -> Self {
        Self { global, store: OnceCell::new(), shop: OnceCell::new() }
    }

    /// The store. The first call opens it and prints its urgent warnings.
    pub fn shop(&self) -> Result<&Commerce, Failure> {
        if let Some(shop) = self.shop.get() {
            return Ok(shop);
        }
        let shop = self.open(self.options())?;
        self.print_warnings(shop, Warning::is_urgent);
        Ok(shop)
    }

    /// The store, if it is open.
    pub fn open_shop(&self) -> Option<&Commerce> {
        self.shop.get()
    }

    /// The options with which commands open a store.
    pub fn options(&self) -> Options {
        let options = Options::new(SystemClock).keep_keys(Duration::from_hours(self.global.keep_keys.into()));
        if self.global.allow_unsynced { options.allow_unsynced() } else { options }
    }

    /// Which store this run works on.
    pub fn store(&self) -> Result<&Store, Failure> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = Store::chosen(&self.global)?;
        Ok(self.store.get_or_init(|| store))
    }

    /// The location of the store.
    pub fn location(&self) -> Result<Location, Failure> {
        self.store()?.location(&self.global)
    }

    /// Opens the store with other options. The caller prints its warnings.
    pub fn open(&self, options: Options) -> Result<&Commerce, Failure> {
        self.open_at(self.location()?, options)
    }

    /// Opens the store at a location, for the rest of the run.
    pub fn open_at(&self, location: Location, options: Options) -> Result<&Commerce, Failure> {
        let shop = Commerce::open(location, options)?;
        Ok(self.shop.get_or_init(|| shop))
    }

    /// Creates the store.
    pub fn create(&self, currency: Currency) -> Result<&Commerce, Failure> {
        let store = self.store.get_or_init(|| Store::to_create(&self.global));
        store.require_here("init")?;
        let shop = Commerce::create(store.location(&self.global)?, currency, self.options())?;
        self.print_warnings(&shop, |_| true);
        Ok(self.shop.get_or_init(|| shop))
    }

    /// Fails, before anything is done, if `command` needs the store itself and the shop is served elsewhere.
    pub fn require_here(&self, command: &str) -> Result<(), Failure> {
        self.store()?.require_here(command)
    }

    /// Performs an operation and prints the reply.
    pub fn perform<O: Operation>(&self, submission: impl Into<Submission<O>>) -> Result<(), Failure>
    where
        O::Reply: Record,
    {
        let Answer { reply, replayed } = self.shop()?.perform(submission)?;
        self.print_reply(&Answer { reply: &reply, replayed })
    }

    /// Prints the result of work that is done.
    pub fn print_done(&self, result: &impl Record) -> Result<(), Failure> {
        self.print_reply(&Answer { reply: result, replayed: false })
    }

    /// Prints a reply. If that fails, the error says that the operation is done.
    fn print_reply<R: Record>(&self, answer: &Answer<&R>) -> Result<(), Failure> {
        self.print(answer, Columns::NonEmpty).map_err(|failure| match failure {
            Failure::Io(error) => Failure::OutputFailed {
                done: "the operation succeeded, but its reply cannot be written".into(),
                error,
            },
            other => other,
        })
    }

    /// Answers a query.
    pub fn query<Q: Query>(&self, query: &Q) -> Result<Q::Answer, Failure> {
        Ok(self.shop()?.query(query)?)
    }

    /// Prints a list, one page or all of it. `query` makes the query from arguments.
    pub fn list<Q: Paged>(
        &self,
        page: &PageArgs,
        query: impl FnOnce(&mut Values) -> Option<Q>,
    ) -> Result<(), Failure>
    where
        Q::Item: Record + Send,
    {
        let (shop, query) = (self.shop()?, values::read(query)?);
        if page.all {
            return self.print_all(query, self.format());
        }
        let commerce_core::Listing { items, next_cursor } = shop.query(&query)?;
        self.print_page(&items, next_cursor.as_ref())?;
        // JSON has the cursor in its own field.
        if let (Some(cursor), false) = (next_cursor, self.format() == Format::Json) {
            self.note(&format!("more rows: use --cursor {}, or --all", cursor.as_str()));
        }
        Ok(())
    }

    /// Prints rows as a list.
    pub fn print_rows<T: Record>(&self, rows: &[T]) -> Result<(), Failure> {
        self.print_page(rows, None)
    }

    fn print_page<T: Record>(&self, rows: &[T], next: Option<&Cursor>) -> Result<(), Failure> {
        let mut printer = ListPrinter::new(io::stdout().lock(), self.format(), self.shop()?.currency());
        if !rows.is_empty() {
            printer.print(rows)?;
        }
        Ok(printer.finish::<T>(next)?)
    }

    /// Prints a whole list. One thread reads rows while another prints those read before.
    pub fn print_all<Q: Paged>(&self, query: Q, format: Format) -> Result<(), Failure>
    where
        Q::Item: Record + Send,
    {
        let shop = self.shop()?;
        let mut printer = ListPrinter::new(io::stdout(), format, shop.currency());
        let (sender, batches) = mpsc::sync_channel::<Vec<Q::Item>>(1);
        std::thread::scope(|scope| {
            let printing = scope.spawn(move || -> io::Result<_> {
                batches.into_iter().try_for_each(|batch| printer.print(&batch))?;
                Ok(printer)
            });
            let mut batch = Vec::with_capacity(BATCH);
            // The channel closes only if the printer failed, and its error is returned below.
            let send = |batch| sender.send(batch).map_err(|_| Failure::Reported(1));
            let read = shop.each(query, |item| {
                batch.push(item);
                if batch.len() < BATCH {
                    return Ok(());
                }
                send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))
            });
            let read = read.and_then(|()| if batch.is_empty() { Ok(()) } else { send(batch) });
            drop(sender);
            // A thread that panicked has printed its message.
            let printer = printing.join().map_err(|_| Failure::Reported(1))??;
            read?;
            Ok(printer.finish::<Q::Item>(None)?)
        })
    }

    /// Prints the answer of a query. The CSV of a list has all columns.
    pub fn print_answer(&self, answer: &impl Record) -> Result<(), Failure> {
        self.print(&Answer { reply: answer, replayed: false }, Columns::All)
    }

    fn print<R: Record>(&self, answer: &Answer<&R>, columns: Columns) -> Result<(), Failure> {
        let (currency, colored) = (self.shop()?.currency(), self.colored(&io::stdout()));
        let mut out = io::stdout().lock();
        print(&mut out, answer, columns, Style { format: self.format(), currency, colored })?;
        Ok(out.flush()?)
    }

    /// Reads an amount in the currency's decimal form.
    pub fn amount(&self, argument: &str, text: &str) -> Result<Amount, Failure> {
        let amount = self.shop()?.currency().parse_amount(text);
        amount.map_err(|e| Failure::Usage(format!("{argument}: {e}")))
    }

    /// Reads an optional amount in the currency's decimal form.
    pub fn optional_amount(&self, argument: &str, text: Option<&str>) -> Result<Option<Amount>, Failure> {
        text.map(|text| self.amount(argument, text)).transpose()
    }

    /// Prints a note on standard error, unless `--quiet` is given.
    pub fn note(&self, text: &str) {
        self.diagnostics().note(text);
    }

    /// Prints one of several errors on standard error, even with `--quiet`.
    pub fn print_error(&self, text: &str) {
        self.diagnostics().error(text);
    }

    /// An error as it is printed, without the line break.
    pub fn error_line(&self, text: &str) -> String {
        self.diagnostics().error_line(text)
    }

    /// Prints messages on standard error, from any thread.
    pub fn diagnostics(&self) -> Diagnostics {
        Diagnostics { quiet: self.global.quiet, colored: self.colored(&io::stderr()) }
    }

    /// Fails unless `--yes` is given or there is a terminal to ask on.
    pub fn require_confirmation(&self, yes: bool, action: &str) -> Result<(), Failure> {
        if yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(());
        }
        Err(Failure::Usage(format!("to {action} without a terminal, use --yes")))
    }

    /// Asks for confirmation, unless `--yes` is given.
    pub fn confirm(&self, yes: bool, action: &str) -> Result<(), Failure> {
        self.require_confirmation(yes, action)?;
        if yes {
            return Ok(());
        }
        write!(io::stderr(), "{}? [y/N] ", escape(action))?;
        io::stderr().flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::Usage("cancelled: nothing was changed".into())),
        }
    }

    /// The format of printed data.
    pub fn format(&self) -> Format {
        self.global.output
    }

    /// Prints the warnings that are not urgent. Commands that check the store or run for long do this.
    pub fn print_other_warnings(&self) -> Result<(), Failure> {
        self.print_warnings(self.shop()?, |warning| !warning.is_urgent());
        Ok(())
    }

    /// Even `--quiet` does not hide them: orders could be lost or have a wrong time.
    fn print_warnings(&self, shop: &Commerce, which: fn(&Warning) -> bool) {
        let warnings = shop.warnings().into_iter().filter(which);
        warnings.for_each(|warning| self.diagnostics().warn(&warning.to_string()));
    }

    fn colored(&self, stream: &impl IsTerminal) -> bool {
        match self.global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}
