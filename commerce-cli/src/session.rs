//! What a command works with: the store, opened when first needed, and the ways to ask and to tell.

use std::cell::OnceCell;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc;
use std::time::Duration;

use commerce_core::input::Fields;
use commerce_core::{
    Commerce, Currency, Cursor, Location, OpenError, Operation, Options, Paged, Query, SystemClock, escape,
    registry,
};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::listing::{Listing, PART};
use crate::options::{Color, Global, Output, PageArgs};
use crate::row::Row;

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

    /// Does an operation, given as its JSON object without what is null.
    pub fn submit(&self, operation: Value, key: Option<&str>) -> Result<Value, Failure> {
        let mut operation = without_null(operation);
        if let (Some(key), Some(fields)) = (key, operation.as_object_mut()) {
            fields.insert("key".into(), key.into());
        }
        let submission = registry::parse_operation(&operation)?;
        let answer = self.shop()?.perform(submission)?;
        serde_json::to_value(answer).map_err(|e| Failure::Io(e.into()))
    }

    /// Does an operation that only a command of its own may name, read from its fields.
    pub fn perform<O: Operation>(&self, fields: Value) -> Result<Value, Failure> {
        let operation = Fields::read(&without_null(fields), O::parse)?;
        let answer = self.shop()?.perform(operation)?;
        serde_json::to_value(answer).map_err(|e| Failure::Io(e.into()))
    }

    /// Does an operation and shows the reply.
    pub fn change(&self, operation: Value, key: Option<&str>) -> Result<(), Failure> {
        let reply = self.submit(operation, key)?;
        self.show_done(&reply)
    }

    /// Shows what came of something that was done. Where that cannot be written, it is done all the same, and whoever
    /// reads standard error has to know.
    pub fn show_done(&self, reply: &Value) -> Result<(), Failure> {
        self.show(reply).map_err(|failure| match failure {
            Failure::Io(error) => {
                Failure::Unwritten { what: "it was done, but the reply cannot be written".into(), error }
            }
            other => other,
        })
    }

    /// Asks a query.
    pub fn ask(&self, name: &str, with: Value) -> Result<Value, Failure> {
        let query = registry::parse_query(name, &without_null(with))?;
        Ok(self.shop()?.query(&query)?)
    }

    /// Asks for a list, one page or all of it, and shows it.
    pub fn list<Q: Paged>(&self, with: Value, page: &PageArgs) -> Result<(), Failure>
    where
        Q::Item: Row + Send,
    {
        if page.all {
            return self.print_all::<Q>(with, self.output());
        }
        let mut with = with;
        with["limit"] = page.limit.into();
        with["cursor"] = page.cursor.clone().into();
        let commerce_core::Listing { items, next_cursor } = self.shop()?.query(&read::<Q>(with)?)?;
        self.print_page(&items, next_cursor.as_ref())?;
        // JSON carries the cursor itself.
        if let (Some(cursor), false) = (next_cursor, self.output() == Output::Json) {
            self.note(&format!("there is more: --cursor {}, or --all", cursor.as_str()));
        }
        Ok(())
    }

    /// Prints rows that are a list of their own.
    pub fn print_rows<T: Row>(&self, rows: &[T]) -> Result<(), Failure> {
        self.print_page(rows, None)
    }

    fn print_page<T: Row>(&self, rows: &[T], next: Option<&Cursor>) -> Result<(), Failure> {
        let mut listing = Listing::new(io::stdout().lock(), self.output(), self.shop()?.currency());
        if !rows.is_empty() {
            listing.rows(rows)?;
        }
        Ok(listing.end::<T>(next)?)
    }

    /// Prints a whole list as it comes: what was read is printed while more is read.
    pub fn print_all<Q: Paged>(&self, with: Value, form: Output) -> Result<(), Failure>
    where
        Q::Item: Row + Send,
    {
        let (shop, query) = (self.shop()?, read::<Q>(with)?);
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

    /// Shows an answer that is mostly a list, its field `rows`, of which the columns are always the same.
    pub fn show_rows(&self, columns: &[&str], rows: &str, answer: &Value) -> Result<(), Failure> {
        if self.output() != Output::Csv {
            return self.show(answer);
        }
        let rows = answer[rows].as_array().into_iter().flatten();
        let mut out = io::stdout().lock();
        crate::output::csv(&mut out, columns, rows, self.shop()?.currency())?;
        Ok(out.flush()?)
    }

    /// Prints data in the form that was asked for.
    pub fn show(&self, data: &Value) -> Result<(), Failure> {
        let currency = self.shop()?.currency();
        let mut out = io::stdout().lock();
        crate::output::print(&mut out, data, self.output(), currency, self.colored(&io::stdout()))?;
        Ok(out.flush()?)
    }

    /// Reads an amount in the currency's form.
    pub fn money(&self, argument: &str, text: &str) -> Result<i64, Failure> {
        let amount = self.shop()?.currency().parse_amount(text);
        amount.map(|amount| amount.get()).map_err(|e| Failure::Usage(format!("{argument}: {e}")))
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

/// Reads `ID` or `ID:QUANTITY`.
pub fn item(text: &str) -> Result<Value, Failure> {
    let (product, quantity) = text.split_once(':').unwrap_or((text, "1"));
    let quantity: i64 = quantity
        .parse()
        .map_err(|_| Failure::Usage(format!("{}: the quantity must be 1 to 1000000", escape(text))))?;
    Ok(json!({ "product": product, "quantity": quantity }))
}

/// Reads the fields of a query.
fn read<Q: Query>(fields: Value) -> Result<Q, Failure> {
    Ok(Fields::read(&without_null(fields), Q::parse)?)
}

fn without_null(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}
