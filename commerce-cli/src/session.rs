//! What a command works with: the store, opened when first needed, and the ways to ask and to tell.

use std::cell::OnceCell;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc;
use std::time::Duration;

use commerce_core::{
    Amount, Answer, Commerce, Currency, Cursor, Location, OpenError, Operation, Options, Paged, Query,
    Submission, SystemClock, escape,
};

use crate::failure::Failure;
use crate::options::{Color, Global, Output, PageArgs};
use crate::output::{Columns, Listing, PART, Record, Style, print};
use crate::values::{self, Values};

/// One run of the program.
pub struct Session {
    pub global: Global,
    shop: OnceCell<Commerce>,
}

impl Session {
    pub fn new(global: Global) -> Self {
        Self { global, shop: OnceCell::new() }
    }

    /// The store. What whoever runs it should know is told when it is opened.
    pub fn shop(&self) -> Result<&Commerce, Failure> {
        if let Some(shop) = self.shop.get() {
            return Ok(shop);
        }
        let shop = self.open(self.options())?;
        // However quiet it should be: orders can be lost, or bear a wrong time.
        warnings(shop).iter().for_each(|warning| self.teller().warn(warning));
        Ok(shop)
    }

    /// The usual options.
    pub fn options(&self) -> Options {
        Options::new(SystemClock).keep_keys(Duration::from_hours(self.global.keep_keys.into()))
    }

    /// The store, opened in another than the usual way, by somebody who tells its warnings.
    pub fn open(&self, options: Options) -> Result<&Commerce, Failure> {
        let shop = Commerce::open(self.location()?, options)?;
        Ok(self.shop.get_or_init(|| shop))
    }

    /// A new store.
    pub fn create(&self, currency: Currency) -> Result<&Commerce, Failure> {
        let shop = Commerce::create(self.location()?, currency, self.options())?;
        warnings(&shop).iter().for_each(|warning| self.teller().warn(warning));
        Ok(self.shop.get_or_init(|| shop))
    }

    /// Where the store is, with what is needed to get in. The token is no argument, since those are seen by all.
    pub fn location(&self) -> Result<Location, Failure> {
        let global = &self.global;
        let Some(text) = global.db.to_str() else { return Ok((&global.db).into()) };
        let mut location: Location = text.parse().map_err(OpenError::Address)?;
        if let Some(replica) = &global.read_url {
            location = location.read_from(replica).map_err(OpenError::Address)?;
        }
        let token = match &global.db_token_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|e| Failure::Usage(format!("{} cannot be read: {e}", file.display())))?,
            None => std::env::var("COMMERCE_DB_TOKEN").unwrap_or_default(),
        };
        Ok(if token.trim().is_empty() { location } else { location.token(&token) })
    }

    /// Does an operation and shows the reply.
    pub fn change<O: Operation>(&self, submission: impl Into<Submission<O>>) -> Result<(), Failure>
    where
        O::Reply: Record,
    {
        let Answer { reply, replayed } = self.shop()?.perform(submission)?;
        self.show_reply(&Answer { reply: &reply, replayed })
    }

    /// Shows what came of something that was done.
    pub fn show_done(&self, reply: &impl Record) -> Result<(), Failure> {
        self.show_reply(&Answer { reply, replayed: false })
    }

    /// Shows a reply. Where it cannot be written, the operation is done all the same, and whoever reads standard error
    /// has to know.
    fn show_reply<R: Record>(&self, answer: &Answer<&R>) -> Result<(), Failure> {
        self.print(answer, Columns::Filled).map_err(|failure| match failure {
            Failure::Io(error) => {
                Failure::Unwritten { what: "it was done, but the reply cannot be written".into(), error }
            }
            other => other,
        })
    }

    /// Asks a query.
    pub fn ask<Q: Query>(&self, query: &Q) -> Result<Q::Answer, Failure> {
        Ok(self.shop()?.query(query)?)
    }

    /// Asks for a list, one page or all of it, and shows it; `query` makes the query of arguments.
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
            return self.print_all(query, self.output());
        }
        let commerce_core::Listing { items, next_cursor } = shop.query(&query)?;
        self.print_page(&items, next_cursor.as_ref())?;
        // JSON carries the cursor itself.
        if let (Some(cursor), false) = (next_cursor, self.output() == Output::Json) {
            self.note(&format!("there is more: --cursor {}, or --all", cursor.as_str()));
        }
        Ok(())
    }

    /// Prints rows that are a list of their own.
    pub fn print_rows<T: Record>(&self, rows: &[T]) -> Result<(), Failure> {
        self.print_page(rows, None)
    }

    fn print_page<T: Record>(&self, rows: &[T], next: Option<&Cursor>) -> Result<(), Failure> {
        let mut listing = Listing::new(io::stdout().lock(), self.output(), self.shop()?.currency());
        if !rows.is_empty() {
            listing.rows(rows)?;
        }
        Ok(listing.end::<T>(next)?)
    }

    /// Prints a whole list as it comes: what was read is printed while more is read.
    pub fn print_all<Q: Paged>(&self, query: Q, form: Output) -> Result<(), Failure>
    where
        Q::Item: Record + Send,
    {
        let shop = self.shop()?;
        let mut listing = Listing::new(io::stdout(), form, shop.currency());
        let (parts, coming) = mpsc::sync_channel::<Vec<Q::Item>>(1);
        std::thread::scope(|scope| {
            let printer = scope.spawn(move || -> io::Result<_> {
                coming.into_iter().try_for_each(|part| listing.rows(&part))?;
                Ok(listing)
            });
            let mut part = Vec::with_capacity(PART);
            // Where the printer has ended, it tells why.
            let hand_over = |part| parts.send(part).map_err(|_| Failure::Told(1));
            let read = shop.each(query, |item| {
                part.push(item);
                if part.len() < PART {
                    return Ok(());
                }
                hand_over(std::mem::replace(&mut part, Vec::with_capacity(PART)))
            });
            let read = read.and_then(|()| if part.is_empty() { Ok(()) } else { hand_over(part) });
            drop(parts);
            // A thread that panicked has said so.
            let listing = printer.join().map_err(|_| Failure::Told(1))??;
            read?;
            Ok(listing.end::<Q::Item>(None)?)
        })
    }

    /// Shows an answer.
    pub fn show(&self, answer: &impl Record) -> Result<(), Failure> {
        self.print(&Answer { reply: answer, replayed: false }, Columns::All)
    }

    fn print<R: Record>(&self, answer: &Answer<&R>, columns: Columns) -> Result<(), Failure> {
        let (currency, colored) = (self.shop()?.currency(), self.colored(&io::stdout()));
        let mut out = io::stdout().lock();
        print(&mut out, answer, columns, Style { form: self.output(), currency, colored })?;
        Ok(out.flush()?)
    }

    /// Reads an amount in the currency's form.
    pub fn money(&self, argument: &str, text: &str) -> Result<Amount, Failure> {
        let amount = self.shop()?.currency().parse_amount(text);
        amount.map_err(|e| Failure::Usage(format!("{argument}: {e}")))
    }

    /// Reads an amount that may be left out.
    pub fn optional_money(&self, argument: &str, text: Option<&str>) -> Result<Option<Amount>, Failure> {
        text.map(|text| self.money(argument, text)).transpose()
    }

    /// Tells something that is no data, unless it should be quiet.
    pub fn note(&self, text: &str) {
        self.teller().note(text);
    }

    /// Tells a fault among several, however quiet it should be: the exit code alone does not say which.
    pub fn complain(&self, text: &str) {
        self.teller().complain(text);
    }

    /// The same for another thread.
    pub fn teller(&self) -> Teller {
        Teller { quiet: self.global.quiet, colored: self.colored(&io::stderr()) }
    }

    /// An error as it is shown.
    pub fn error(&self, text: &str) -> String {
        self.teller().error(text)
    }

    /// Fails where consent was neither given nor can be asked for, so that a script learns of it at once.
    pub fn can_confirm(&self, yes: bool, what: &str) -> Result<(), Failure> {
        if yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(());
        }
        Err(Failure::Usage(format!("{what}: this needs --yes where there is no terminal to ask on")))
    }

    /// Asks for consent on a terminal; elsewhere it must have been given.
    pub fn confirm(&self, yes: bool, what: &str) -> Result<(), Failure> {
        self.can_confirm(yes, what)?;
        if yes {
            return Ok(());
        }
        write!(io::stderr(), "{}? [y/N] ", escape(what))?;
        io::stderr().flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::Usage("not done".into())),
        }
    }

    pub fn output(&self) -> Output {
        self.global.output
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

/// Tells people what is no data.
#[derive(Clone, Copy)]
pub struct Teller {
    quiet: bool,
    colored: bool,
}

impl Teller {
    pub fn note(&self, text: &str) {
        if !self.quiet {
            // A note that nobody can read is not worth failing for.
            let _ = writeln!(io::stderr(), "{}", escape(text));
        }
    }

    pub fn complain(&self, text: &str) {
        // Where standard error is gone, the exit code still tells that there was one.
        let _ = writeln!(io::stderr(), "{}", self.error(text));
    }

    /// Tells what is no fault, however quiet it should be.
    pub fn warn(&self, text: &str) {
        // As with a fault: where nobody can read it, the work is done all the same.
        let _ = writeln!(io::stderr(), "{}", self.marked("warning", "33", text));
    }

    fn error(&self, text: &str) -> String {
        self.marked("error", "31", text)
    }

    fn marked(&self, what: &str, color: &str, text: &str) -> String {
        let text = escape(text);
        if self.colored { format!("\x1b[1;{color}m{what}:\x1b[0m {text}") } else { format!("{what}: {text}") }
    }
}

/// What whoever runs a store should know of it.
pub fn warnings(shop: &Commerce) -> Vec<String> {
    // A store that cannot be read is told by whatever reads it next.
    let ahead = shop.ahead().ok().and_then(|ahead| ahead.warning());
    shop.warning().map(str::to_owned).into_iter().chain(ahead).collect()
}
