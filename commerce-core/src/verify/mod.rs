//! Auditing: every figure is computed once more from the rows that explain it.
//!
//! Histories only grow, so they are read in spans, each from a snapshot of its own, up to numbers that were taken
//! before; the figures they add up to are kept in memory, a few for each user and product. Only what is left by then,
//! and the comparison with the stored balances and stocks, needs one moment. So the time grows with the history and no
//! faster, the memory with the users and products, and a working shop can go on: a snapshot that stays open would keep
//! its log from being written over.

mod cancellations;
mod history;
mod integrity;
mod present;
mod references;
mod repair;
mod rows;
mod sales;
mod search;
mod sums;

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::engine::Commerce;
use crate::error::Error;
use crate::query::View;
use crate::row::{Statement, Value};

use history::History;
pub(crate) use repair::repairs;

/// What an audit looked at, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Figures that are not what their rows say: the first 1,000.
    pub differences: Vec<Difference>,
    /// How many differences there are in all.
    pub found: u64,
    /// What was checked, in the order in which it was.
    pub checked: Vec<Checked>,
}

/// So many things of a kind were checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Which.
    pub what: &'static str,
    /// How many.
    pub count: u64,
}

/// A figure that is not what its rows say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which figure.
    pub what: String,
    /// Of what.
    pub id: String,
    /// As it stands.
    pub stored: String,
    /// As it should be.
    pub computed: String,
}

/// How far an audit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being checked.
    pub what: &'static str,
    /// How many of all things were checked.
    pub done: u64,
    /// How many there are, as far as is known.
    pub total: u64,
}

/// Rows that are read at once.
const SPAN: i64 = 16_384;

/// The most differences that are told one by one.
const MOST: usize = 1_000;

/// How long spans may follow one another while others write, and the pause in which the log is written back and begun
/// anew, which no open snapshot may stand in the way of.
const WORK: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(20);

/// How often the audit runs after a history that grows meanwhile, before it takes what is left in one moment.
const ROUNDS: usize = 3;

/// Audits a shop, and tells how far it is.
pub(crate) fn audit(shop: &Commerce, progress: &mut dyn FnMut(Progress)) -> Result<Audit, Error> {
    let mut auditor = Auditor::new(shop, progress)?;
    integrity::check(&mut auditor)?;
    rows::check(&mut auditor)?;
    search::check(&mut auditor)?;
    let mut history = History::default();
    for _ in 0..ROUNDS {
        let to = Numbers::of(&mut auditor.view()?)?;
        auditor.expect(&history, &to);
        while history.step(&mut auditor.view()?, &to, &mut auditor.audit)? {
            auditor.tell(&history);
        }
    }
    cancellations::check(&mut auditor)?;
    sales::check(&mut auditor)?;
    sums::check(&mut auditor)?;
    let view = &mut auditor.view()?;
    let last = Numbers::of(view)?;
    while history.step(view, &last, &mut auditor.audit)? {}
    present::check(view, history, &last, &mut auditor.audit)?;
    Ok(auditor.audit)
}

/// The numbers last given out.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    movement: i64,
    order: i64,
    entry: i64,
}

impl Numbers {
    fn of(view: &mut View<'_>) -> Result<Self, Error> {
        let rows =
            view.rows(&Statement::new("SELECT last_movement, last_order, last_entry FROM store", []))?;
        let row = rows.first().ok_or_else(|| Error::Store("the store's own row is missing".into()))?;
        Ok(Self { movement: row[0].int(), order: row[1].int(), entry: row[2].int() })
    }

    fn sum(&self) -> u64 {
        [self.movement, self.order, self.entry].map(|number| u64::try_from(number).unwrap_or(0)).iter().sum()
    }
}

/// An audit on its way.
struct Auditor<'a> {
    shop: &'a Commerce,
    audit: Audit,
    progress: &'a mut dyn FnMut(Progress),
    total: u64,
    /// When the audit last paused, and the version of the store then.
    paused: Instant,
    version: i64,
}

impl<'a> Auditor<'a> {
    fn new(shop: &'a Commerce, progress: &'a mut dyn FnMut(Progress)) -> Result<Self, Error> {
        let version = shop.version()?;
        Ok(Self { shop, audit: Audit::default(), progress, total: 0, paused: Instant::now(), version })
    }

    /// The next snapshot, after a pause where others write to the same file. A server has a log of its own, and to ask it
    /// for its version is a request.
    fn view(&mut self) -> Result<View<'a>, Error> {
        if self.shop.on_file() && self.paused.elapsed() >= WORK {
            let version = self.shop.version()?;
            if version != self.version {
                std::thread::sleep(PAUSE);
            }
            (self.paused, self.version) = (Instant::now(), version);
        }
        self.shop.view()
    }

    fn expect(&mut self, history: &History, to: &Numbers) {
        self.total = to.sum();
        self.tell(history);
    }

    fn tell(&mut self, history: &History) {
        let (what, done) = history.reached();
        self.say(what, done);
    }

    fn say(&mut self, what: &'static str, done: u64) {
        (self.progress)(Progress { what, done, total: self.total.max(done) });
    }
}

impl Audit {
    /// Counts what was checked.
    fn checked(&mut self, what: &'static str, count: u64) {
        match self.checked.iter_mut().find(|checked| checked.what == what) {
            Some(checked) => checked.count += count,
            None => self.checked.push(Checked { what, count }),
        }
    }

    /// Tells a difference, or only counts it where there are too many.
    fn differs(&mut self, what: &str, id: impl ToString, stored: impl ToString, computed: impl ToString) {
        self.found += 1;
        if self.differences.len() < MOST {
            let (id, stored, computed) = (id.to_string(), stored.to_string(), computed.to_string());
            self.differences.push(Difference { what: what.into(), id, stored, computed });
        }
    }

    /// Tells a difference where there is one.
    fn compare<T: PartialEq + ToString>(&mut self, what: &str, id: impl ToString, stored: T, computed: T) {
        if stored != computed {
            self.differs(what, id, stored, computed);
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: stored {}, computed {}", self.what, self.id, self.stored, self.computed)
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Integer(value) => value.to_string(),
        Value::Text(text) => text.as_ref().into(),
    }
}
