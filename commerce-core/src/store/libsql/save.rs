//! Saving changes: one statement for the rows of a table, sent as one JSON text. JSON keeps their types, and SQLite
//! reads its integers exactly, to 64 bits.

use serde::{Serialize, Serializer};

use crate::error::{Cause, Error};
use crate::row::{Change, Kind, Table, Value};

/// A statement that saves rows.
pub(super) struct Save {
    pub(super) sql: String,
    pub(super) rows: [Value; 1],
}

/// Rows collected into one JSON text.
#[derive(Default)]
pub(super) struct Part {
    text: String,
    /// Its length inside the JSON of a request.
    size: usize,
}

/// The size in bytes, inside a request, at which a part is sent. Proxies take bodies of 1 MB by default
/// (<https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size>). The last row comes on top of this.
const PART: usize = 512 << 10;

/// The size in bytes of the statements that are sent in one request, unless a single one is larger.
const REQUEST: usize = 768 << 10;

/// The statements that save these changes, in their order.
pub(super) fn saves(changes: &[Change]) -> Result<Vec<Save>, Error> {
    let mut saves = Vec::new();
    for change in changes {
        let sql = sql(change.table, change.kind);
        let mut part = Part::default();
        for row in change.values.chunks_exact(change.width()) {
            part.add(row)?;
            saves.extend(part.full().map(|rows| Save { sql: sql.clone(), rows: [rows] }));
        }
        saves.extend(part.rest().map(|rows| Save { sql, rows: [rows] }));
    }
    Ok(saves)
}

/// Divides statements, in their order, among requests that are not too large.
pub(super) fn requests(saves: &[Save]) -> impl Iterator<Item = &[Save]> {
    let mut left = saves;
    std::iter::from_fn(move || {
        let mut size = 0;
        let mut fits = |save: &Save| {
            size += save.size();
            size <= REQUEST
        };
        let count = left.iter().take_while(|save| fits(save)).count().max(1).min(left.len());
        let (request, rest) = left.split_at(count);
        left = rest;
        (!request.is_empty()).then_some(request)
    })
}

impl Save {
    /// Its length inside the JSON of a request.
    fn size(&self) -> usize {
        self.sql.len() + self.rows.iter().map(|rows| escaped(&rows.text())).sum::<usize>()
    }
}

impl Part {
    pub(super) fn add(&mut self, row: &[Value]) -> Result<(), Error> {
        let row = serde_json::to_string(row).map_err(|e| Error::Store(Cause::of(e)))?;
        self.text.extend([if self.text.is_empty() { "[" } else { "," }, &row]);
        self.size += escaped(&row) + 1;
        Ok(())
    }

    /// Takes the rows so far, if the part is full.
    pub(super) fn full(&mut self) -> Option<Value> {
        if self.size < PART { None } else { self.rest() }
    }

    /// Takes the rows that were not sent yet, if there are any.
    pub(super) fn rest(&mut self) -> Option<Value> {
        let rows = std::mem::take(self).text;
        if rows.is_empty() { None } else { Some((rows + "]").into()) }
    }
}

/// The length of a JSON text inside another one. Its control characters are escaped already.
fn escaped(json: &str) -> usize {
    json.len() + json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

fn sql(table: &Table, kind: Kind) -> String {
    let (name, columns) = (table.name, table.columns);
    let (key, others) = columns.split_at(table.key);
    let values = |from: usize, count: usize| -> Vec<String> {
        (from..from + count).map(|place| format!("j.value->>{place}")).collect()
    };
    let all = |from: usize, columns: &[&str], between: &str| -> String {
        let values = values(from, columns.len());
        let pairs: Vec<_> =
            columns.iter().zip(values).map(|(name, value)| format!("{name} = {value}")).collect();
        pairs.join(between)
    };
    match kind {
        Kind::Insert => {
            let (columns, values) = (columns.join(", "), values(0, columns.len()).join(", "));
            format!("INSERT INTO {name} ({columns}) SELECT {values} FROM json_each(?1) AS j")
        }
        Kind::Update => {
            let (set, on) = (all(key.len(), others, ", "), all(0, key, " AND "));
            format!("UPDATE {name} SET {set} FROM json_each(?1) AS j WHERE {on}")
        }
        Kind::Delete => {
            let (columns, values) = (key.join(", "), values(0, key.len()).join(", "));
            format!("DELETE FROM {name} WHERE ({columns}) IN (SELECT {values} FROM json_each(?1) AS j)")
        }
    }
}

/// As plain JSON.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    static THINGS: Table = Table { name: "things", columns: &["a", "b", "c", "d"], key: 2 };

    fn run(connection: &Connection, kind: Kind, values: Vec<Value>) {
        for save in saves(&[Change { table: &THINGS, kind, values }]).unwrap() {
            connection.execute(&save.sql, rusqlite::params_from_iter(&save.rows)).unwrap();
        }
    }

    fn content(connection: &Connection) -> Vec<(i64, String, Option<i64>, Option<String>)> {
        let mut statement = connection.prepare("SELECT a, b, c, d FROM things ORDER BY a, b").unwrap();
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn values_arrive_as_they_were() {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE things (a INTEGER, b TEXT, c INTEGER, d TEXT, PRIMARY KEY (a, b)) STRICT";
        connection.execute_batch(table).unwrap();
        let odd = "\u{1}\"\\/머그컵 ☕\u{7f}\n'; --";
        let rows = [
            (i64::MAX, "", Some(i64::MIN), Some(odd)),
            (i64::MIN, odd, Some((1 << 53) + 1), Some("12345678901234567890")),
            (0, "1", None, None),
            (0, "true", Some(-1), Some("null")),
        ];
        let all = |row: &(i64, &str, Option<i64>, Option<&str>)| {
            [row.0.into(), row.1.into(), row.2.into(), row.3.into()]
        };
        run(&connection, Kind::Insert, rows.iter().flat_map(all).collect());
        let mut expected: Vec<_> =
            rows.iter().map(|&(a, b, c, d)| (a, b.to_owned(), c, d.map(str::to_owned))).collect();
        expected.sort();
        assert_eq!(content(&connection), expected);

        let changed = |row: &(i64, &str, Option<i64>, Option<&str>)| {
            [row.0.into(), row.1.into(), Value::Null, odd.into()]
        };
        run(&connection, Kind::Update, rows[..2].iter().flat_map(changed).collect());
        for row in &mut expected {
            if row.0 != 0 {
                (row.2, row.3) = (None, Some(odd.into()));
            }
        }
        assert_eq!(content(&connection), expected);

        run(&connection, Kind::Delete, vec![0.into(), "1".into(), i64::MAX.into(), "".into()]);
        expected.retain(|row| row.1 != "1" && row.0 != i64::MAX);
        assert_eq!(content(&connection), expected);
    }

    #[test]
    fn many_rows_are_sent_in_parts_that_fit_into_a_request() {
        for text in ["x", "\"", "\\", "\u{1}", "컵"] {
            let long: Value = text.repeat(10_000).into();
            let values = (0..100_i64).flat_map(|a| [a.into(), "b".into(), 1.into(), long.clone()]).collect();
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE TABLE things (a, b, c, d)").unwrap();
            let change = Change { table: &THINGS, kind: Kind::Insert, values };
            let saves = saves(std::slice::from_ref(&change)).unwrap();
            let sent: Vec<_> = requests(&saves).collect();
            assert_eq!(sent.iter().map(|request| request.len()).sum::<usize>(), saves.len());
            for request in &sent {
                let rows: Vec<_> = request.iter().map(|save| save.rows[0].text()).collect();
                let body = serde_json::to_string(&rows).unwrap().len();
                assert!((200 << 10..1_000_000).contains(&body) || request.len() == 1, "{text}: {body}");
            }
            run(&connection, Kind::Insert, change.values);
            assert_eq!(content(&connection).len(), 100);
        }
        assert_eq!(requests(&[]).count(), 0);
    }
}
