//! The protocol: Hrana 3 in JSON, as much of it as a store needs
//! (<https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md>).

use std::sync::Arc;

use serde::de::IgnoredAny;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::failure::{Failed, Failure};
use super::newest::Version;
use crate::row::{Rows, Statement, Value};

/// A request body: requests that run in order on a stream, or on a new one if there is no baton.
#[derive(Serialize)]
pub(super) struct Pipeline<'a> {
    pub(super) baton: Option<&'a str>,
    pub(super) requests: Vec<Request<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Request<'a> {
    /// Statements, each of which can depend on those before.
    Batch { batch: Batch<'a> },
    /// Statements in one text, up to the first that fails.
    Sequence { sql: &'a str },
    /// Ends the stream, and with it an open transaction.
    Close,
}

#[derive(Serialize)]
pub(super) struct Batch<'a> {
    pub(super) steps: Vec<Step<'a>>,
    /// The replication index that the database must have reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replication_index: Option<String>,
}

/// A statement, and when to run it.
#[derive(Serialize)]
pub(super) struct Step<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
    stmt: Stmt<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Condition {
    /// The step succeeded.
    Ok {
        step: usize,
    },
    Not {
        cond: Box<Condition>,
    },
    And {
        conds: Vec<Condition>,
    },
    /// No transaction is open.
    IsAutocommit,
}

#[derive(Serialize)]
struct Stmt<'a> {
    sql: &'a str,
    args: Vec<Argument<'a>>,
}

struct Argument<'a>(&'a Value);

/// A response body.
#[derive(Deserialize)]
pub(super) struct Answers {
    pub(super) baton: Option<String>,
    pub(super) results: Vec<Answer>,
}

/// Either a response or an error. (An enum tagged by the field `type` would make serde buffer the whole answer, at
/// several times the size of the rows.)
#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) response: Option<Response>,
    pub(super) error: Option<Failed>,
}

#[derive(Deserialize)]
pub(super) struct Response {
    /// The result of a batch. The results of other requests are not used.
    pub(super) result: Option<Results>,
}

/// The outcomes of a batch's steps. A step with neither a result nor an error was not run.
#[derive(Default, Deserialize)]
pub(super) struct Results {
    step_results: Vec<Option<StepResult>>,
    step_errors: Vec<Option<Failed>>,
    /// The replication index of the database.
    #[serde(default)]
    replication_index: Option<String>,
    /// The state of the primary that the index shows.
    #[serde(skip)]
    pub(super) version: Option<Version>,
}

/// The outcomes of steps, in order.
pub(super) struct Outcomes {
    results: std::vec::IntoIter<Option<StepResult>>,
    errors: std::vec::IntoIter<Option<Failed>>,
}

#[derive(Deserialize)]
struct StepResult {
    cols: Vec<IgnoredAny>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(rename = "type")]
    kind: CellKind,
    #[serde(default)]
    value: Option<Arc<str>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CellKind {
    Null,
    Integer,
    Text,
    Float,
    Blob,
}

/// Builds the steps of a batch. Each runs only if the one before it succeeded: a statement that ran after the server
/// ended the transaction would be committed by itself.
#[derive(Default)]
pub(super) struct Steps<'a>(Vec<Step<'a>>);

impl<'a> Steps<'a> {
    /// Begins with an unconditional statement.
    pub(super) fn from(sql: &'a str) -> Self {
        Self(vec![Step { condition: None, stmt: Stmt::new(sql, &[]) }])
    }

    /// Continues an open transaction. Without one, nothing is run.
    pub(super) fn in_transaction() -> Self {
        Self::default()
    }

    pub(super) fn then(&mut self, sql: &'a str, values: &'a [Value]) {
        let condition = match self.0.len().checked_sub(1) {
            Some(step) => Condition::Ok { step },
            None => transaction_is_open(),
        };
        self.push(condition, sql, values);
    }

    /// Adds a statement.
    pub(super) fn and(mut self, sql: &'a str, values: &'a [Value]) -> Self {
        self.then(sql, values);
        self
    }

    /// Adds a statement that runs whether or not those before it succeed. It must not write.
    pub(super) fn and_always(mut self, sql: &'a str) -> Self {
        self.0.push(Step { condition: None, stmt: Stmt::new(sql, &[]) });
        self
    }

    pub(super) fn read(&mut self, statement: &'a Statement) {
        self.then(&statement.sql, &statement.values);
    }

    /// Adds a reading statement that is independent of all others.
    pub(super) fn read_alone(&mut self, statement: &'a Statement) {
        self.0.push(Step { condition: None, stmt: Stmt::new(&statement.sql, &statement.values) });
    }

    /// Adds reading statements that see one snapshot, in a transaction of their own.
    pub(super) fn read_together(&mut self, statements: &'a [Statement]) {
        self.0.push(Step { condition: None, stmt: Stmt::new("BEGIN", &[]) });
        statements.iter().for_each(|statement| self.read(statement));
        self.roll_back();
    }

    /// Commits, or rolls back if an earlier step failed. Returns the number of the commit's step.
    pub(super) fn commit(&mut self) -> usize {
        let commit = self.0.len();
        self.then("COMMIT", &[]);
        let committed = Condition::Ok { step: commit };
        let not_committed =
            Condition::And { conds: vec![Condition::Not { cond: committed.into() }, transaction_is_open()] };
        self.push(not_committed, "ROLLBACK", &[]);
        commit
    }

    /// Rolls back the open transaction, if there is one.
    pub(super) fn roll_back(&mut self) {
        self.push(transaction_is_open(), "ROLLBACK", &[]);
    }

    pub(super) fn into_batch(self, replication_index: Option<u64>) -> Request<'a> {
        let replication_index = replication_index.map(|index| index.to_string());
        Request::Batch { batch: Batch { steps: self.0, replication_index } }
    }

    fn push(&mut self, condition: Condition, sql: &'a str, values: &'a [Value]) {
        self.0.push(Step { condition: Some(condition), stmt: Stmt::new(sql, values) });
    }
}

impl<'a> Stmt<'a> {
    fn new(sql: &'a str, values: &'a [Value]) -> Self {
        Self { sql, args: values.iter().map(Argument).collect() }
    }
}

fn transaction_is_open() -> Condition {
    Condition::Not { cond: Condition::IsAutocommit.into() }
}

impl Results {
    /// Whether a step succeeded.
    pub(super) fn is_done(&self, step: usize) -> bool {
        matches!(self.step_results.get(step), Some(Some(_)))
    }

    /// The first error.
    pub(super) fn error(&self) -> Option<&Failed> {
        self.step_errors.iter().flatten().next()
    }

    /// Succeeds if the commit did. Otherwise nothing was changed.
    pub(super) fn committed(&self, commit: usize) -> Result<(), Failure> {
        match self.error() {
            Some(error) => Err(Failure::of(error)),
            None if self.is_done(commit) => Ok(()),
            None => Err(Failure::TransactionLost),
        }
    }

    /// The rows of the steps from `first` on.
    pub(super) fn all_rows(self, first: usize) -> Result<Vec<Rows>, Failure> {
        if let Some(error) = self.error() {
            return Err(Failure::of(error));
        }
        // Without an error, a step is skipped only if the transaction has ended.
        let rows = |result: Option<StepResult>| {
            result.ok_or(Failure::TransactionLost)?.rows().map_err(|message| Failure::Server(message.into()))
        };
        self.step_results.into_iter().skip(first).map(rows).collect()
    }

    /// The outcomes one by one, for steps that do not depend on one another.
    pub(super) fn into_steps(self) -> Outcomes {
        Outcomes { results: self.step_results.into_iter(), errors: self.step_errors.into_iter() }
    }

    pub(super) fn replication_index(&self) -> Option<u64> {
        self.replication_index.as_deref()?.parse().ok()
    }
}

impl Outcomes {
    /// The rows of a statement that ran by itself.
    pub(super) fn next_rows(&mut self) -> Result<Rows, Failure> {
        match (self.results.next(), self.errors.next().flatten()) {
            (_, Some(error)) => Err(Failure::of(&error)),
            (Some(Some(result)), None) => result.rows().map_err(|message| Failure::Server(message.into())),
            (Some(None), None) => Err(Failure::TransactionLost),
            (None, None) => Err(Failure::Server("it answers nothing".into())),
        }
    }

    /// The rows of as many statements, which were added with [`Steps::read_together`].
    pub(super) fn next_together(&mut self, statements: usize) -> Result<Vec<Rows>, Failure> {
        let begun = self.next_rows();
        // All outcomes are taken, whichever failed, since those of other reads follow.
        let rows: Vec<_> = (0..statements).map(|_| self.next_rows()).collect();
        let _ended = self.next_rows();
        begun?;
        rows.into_iter().collect()
    }
}

impl StepResult {
    fn rows(self) -> Result<Rows, String> {
        let values = self.rows.into_iter().flatten().map(Cell::value).collect::<Result<_, _>>()?;
        Ok(Rows { values, width: self.cols.len() })
    }
}

impl Cell {
    fn value(self) -> Result<Value, String> {
        match (self.kind, self.value) {
            (CellKind::Null, _) => Ok(Value::Null),
            (CellKind::Integer, Some(text)) => {
                text.parse().map(Value::Integer).map_err(|_| format!("{text} for an integer"))
            }
            (CellKind::Text, Some(text)) => Ok(Value::Text(text)),
            _ => Err("a value of a type where there can be none".into()),
        }
    }
}

/// Integers are sent as text, since JSON numbers need not be exact beyond 2^53.
impl Serialize for Argument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Value::Null => map.serialize_entry("type", "null")?,
            Value::Integer(value) => {
                map.serialize_entry("type", "integer")?;
                map.serialize_entry("value", &value.to_string())?;
            }
            Value::Text(text) => {
                map.serialize_entry("type", "text")?;
                map.serialize_entry("value", text)?;
            }
        }
        map.end()
    }
}
