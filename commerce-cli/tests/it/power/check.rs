//! Opens the folder that a power cut left with the real program, and checks the promises made before the cut.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::script::{Line, Script};
use super::stage::{STORE, Said, Watch, objects, program};
use super::tally::{Image, Lost};
use crate::shim::Shim;

/// The lines that processes were given on a store, and the final state of the store.
pub struct Promises {
    /// Every line of any process, once.
    all: Script,
    figures: String,
    expected: Vec<Value>,
}

impl Promises {
    /// The promises of scripts on a store that is sound in this image.
    pub fn new(scripts: &[&Script], sound: &Image) -> Self {
        let all = Script(scripts.iter().flat_map(|script| script.0.iter().cloned()).collect());
        let users = all.0.iter().filter_map(|line| line.operation["user"].as_str());
        let mut users: Vec<&str> = users.chain(["old"]).filter(|user| *user != "poor").collect();
        users.sort_unstable();
        users.dedup();
        let charge = |user: &&str| json!({ "op": "wallet.charge", "user": user, "amount": 1 });
        let adjust = |product: &&str| json!({ "op": "stock.adjust", "product": product, "delta": 1 });
        let figures = users.iter().map(charge).chain(["pen", "mug"].iter().map(adjust));
        let figures: String = figures.map(|line| format!("{line}\n")).collect();
        let mut promises = Self { all, figures, expected: Vec::new() };
        let results = promises.ask(sound, &promises.all.0.iter().collect::<Vec<_>>()).unwrap();
        promises.expected = results[promises.all.0.len()..].iter().map(figure).collect();
        promises
    }

    /// Applies all lines with the same keys. Acknowledged lines must get the same answers, all others must be done once,
    /// and the figures must be those of a store that never lost power.
    pub fn hold(&self, image: &Image, said: &[Said]) -> Result<(), Lost> {
        match said.iter().find(|said| said.error().is_some()) {
            Some(said) => unsound(format!("nothing failed, and yet {}", said.text)),
            None => self.hold_despite_errors(image, said),
        }
    }

    /// The same after failing calls: a line that got an error was not done, unless the outcome was unknown.
    pub fn hold_despite_errors(&self, image: &Image, said: &[Said]) -> Result<(), Lost> {
        let acknowledged = acknowledged(said)?;
        let failed = |said: &&Said| said.error().is_some_and(|code| code != "unknown");
        let failed: Vec<&str> =
            said.iter().filter(failed).filter_map(|said| Some(said.asked.as_ref()?.key())).collect();
        // Answered lines are repeated first, before other lines change the store.
        let is_answered = |line: &&Line| acknowledged.contains_key(line.key());
        let (answered, open): (Vec<&Line>, Vec<&Line>) = self.all.0.iter().partition(is_answered);
        let lines: Vec<&Line> = answered.into_iter().chain(open).collect();
        let results = self.ask(image, &lines)?;
        let mut missing = Vec::new();
        for (line, result) in lines.iter().zip(&results) {
            match (acknowledged.get(line.key()), line.refused) {
                (Some(reply), None) if plain(result) != *reply || result["ok"]["replayed"] != true => {
                    missing.push(format!("{} was answered {reply}, now {result}", line.operation));
                }
                (Some(_), Some(code)) if result["refused"]["code"] != code => {
                    missing.push(format!("{} was refused as {code}, now {result}", line.operation));
                }
                (None, _) if failed.contains(&line.key()) && result["ok"]["replayed"] == true => {
                    return unsound(format!(
                        "{} was answered as failed, and was done: {result}",
                        line.operation
                    ));
                }
                (None, None) if !result["ok"].is_object() => {
                    return unsound(format!("{} cannot be done: {result}", line.operation));
                }
                (None, Some(code)) if result["refused"]["code"] != code => {
                    return unsound(format!("{} is not refused as {code}: {result}", line.operation));
                }
                _ => {}
            }
        }
        if let Some(first) = missing.first() {
            let told = format!("{} acknowledged operations are missing, the first: {first}", missing.len());
            return Err(Lost { operations: missing.len(), told });
        }
        let figures: Vec<Value> = results[lines.len()..].iter().map(figure).collect();
        if figures != self.expected {
            return unsound(format!("the figures are {figures:?}, not {:?}", self.expected));
        }
        verified(image)
    }

    /// Applies the lines and then reads the figures.
    fn ask(&self, image: &Image, lines: &[&Line]) -> Result<Vec<Value>, Lost> {
        let input: String = lines.iter().map(|line| format!("{}\n", line.operation)).collect();
        let output = feed(image, &["apply", "-", "-q"], &(input + &self.figures));
        let results = objects(&output.stdout);
        if !matches!(output.status.code(), Some(0 | 3)) || results.len() < lines.len() {
            return unsound(format!("the store does not work: {}", told(&output)));
        }
        Ok(results)
    }
}

/// The replies by key, or null for a refusal. All answers under a key must be the same.
fn acknowledged(said: &[Said]) -> Result<HashMap<&str, Value>, Lost> {
    let mut acknowledged: HashMap<&str, Value> = HashMap::new();
    for Said { asked, text, .. } in said {
        let Some(line) = asked else { continue };
        let result: Value = serde_json::from_str(text).unwrap();
        if result["error"].is_object() || (result["refused"].is_object() && line.refused.is_none()) {
            continue;
        }
        let reply = plain(&result);
        if acknowledged.insert(line.key(), reply.clone()).is_some_and(|other| other != reply) {
            return unsound(format!("two answers under {}, the second {reply}", line.key()));
        }
    }
    Ok(acknowledged)
}

/// Checks that `verify` finds no difference, and SQLite no fault in the file.
pub fn verified(image: &Image) -> Result<(), Lost> {
    let output = run(image, &["verify", "-q"]);
    if output.status.code() != Some(0) {
        return unsound(format!("verify: {}{}", String::from_utf8_lossy(&output.stdout), told(&output)));
    }
    let file = rusqlite::Connection::open(image.path().join(STORE)).unwrap();
    let found: String = file.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).unwrap();
    if found == "ok" { Ok(()) } else { unsound(format!("integrity_check: {found}")) }
}

/// Runs the program on an image.
pub fn run(image: &Image, arguments: &[&str]) -> Output {
    feed(image, arguments, "")
}

/// Runs the program on an image with this standard input.
pub fn feed(image: &Image, arguments: &[&str], input: &str) -> Output {
    let mut program = program(&image.path(), arguments);
    // The shim is only there to skip real syncs.
    let log = image.folder.path().join("log");
    let shim = Shim { folder: image.path(), log, ..Shim::default() };
    shim.before(&mut program);
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let _watch = Watch::over(&child, &shim);
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // If the program ends early, its exit code decides.
        scope.spawn(move || stdin.write_all(input.as_bytes()).ok());
        child.wait_with_output().unwrap()
    })
}

pub fn told(output: &Output) -> String {
    format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr))
}

pub fn unsound<T>(told: String) -> Result<T, Lost> {
    Err(Lost { operations: 0, told })
}

/// A reply without `replayed`.
fn plain(result: &Value) -> Value {
    let mut reply = result["ok"].clone();
    if let Some(fields) = reply.as_object_mut() {
        fields.remove("replayed");
    }
    reply
}

/// The figure in a line.
fn figure(result: &Value) -> Value {
    json!([result["ok"]["balance"], result["ok"]["stock"]])
}
