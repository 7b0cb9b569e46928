//! Tests that commands that read write nothing to a server: they need no token that may write, and do not wait for the
//! lock of those who write.

use serde_json::{Value, json};

use crate::jwt::Signer;
use crate::shop::{Shop, stderr};
use crate::sqld::Sqld;

/// Every command that only reads.
const READS: [&str; 17] = [
    "user show alice",
    "user list",
    "wallet show alice",
    "wallet history alice",
    "balance alice",
    "product show mug-white",
    "product list --all",
    "product list --search mug",
    "product export",
    "cart show alice",
    "order show 1",
    "order list",
    "top",
    "events list",
    "token list",
    "verify",
    "backup copy.db",
];

/// A transaction of another client, which holds the lock for writing.
struct Writer<'a> {
    server: &'a Sqld,
    token: &'a str,
    baton: Value,
}

impl<'a> Writer<'a> {
    fn begin(server: &'a Sqld, token: &'a str) -> Self {
        let mut writer = Self { server, token, baton: Value::Null };
        writer.run(&json!({ "stmt": { "sql": "BEGIN IMMEDIATE" } }));
        writer
    }

    /// Keeps the stream open. The transaction must still be there: the server would have ended it for any other client
    /// that had asked for the lock for more than five seconds.
    #[track_caller]
    fn still_holds_the_lock(&mut self, command: &str) {
        let open = json!({ "type": "not", "cond": { "type": "is_autocommit" } });
        let answer = self.run(&json!({ "condition": open, "stmt": { "sql": "SELECT 1" } }));
        let result = &answer["results"][0]["response"]["result"];
        assert!(!result["step_results"][0].is_null(), "{command} has waited for the lock: {answer}");
    }

    fn run(&mut self, step: &Value) -> Value {
        let requests = json!([{ "type": "batch", "batch": { "steps": [step] } }]);
        let answer =
            self.server.send(Some(self.token), &json!({ "baton": self.baton, "requests": requests }));
        self.baton = answer["baton"].clone();
        answer
    }
}

#[test]
fn commands_that_read_need_neither_the_lock_nor_a_token_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, server) = Signer::with_server(folder.path());
    let (writing, reading) = (signer.writing(), signer.reading());
    let shop = Shop::on(server);
    let run = |token: &str, command: &str| {
        let mut program = shop.program(&command.split(' ').collect::<Vec<_>>());
        program.env("COMMERCE_DB_TOKEN", token).output().unwrap()
    };
    for command in ["init --sample", "user add alice", "charge alice 90000", "buy alice mug-white:2"] {
        let output = run(&writing, command);
        assert!(output.status.success(), "{command}: {}", stderr(&output));
    }
    let mut writer = Writer::begin(shop.server.as_ref().unwrap(), &writing);
    for token in [&writing, &reading] {
        for command in READS {
            let output = run(token, command);
            assert!(output.status.success(), "{command}: {}", stderr(&output));
            writer.still_holds_the_lock(command);
        }
        std::fs::remove_file(shop.path("copy.db")).unwrap();
    }
    for (command, code) in [("charge alice 5", 1), ("verify --repair --yes", 0), ("init", 4)] {
        let output = run(&reading, command);
        assert_eq!(output.status.code(), Some(code), "{command}: {}", stderr(&output));
    }
    let told = stderr(&run(&reading, "charge alice 5"));
    assert!(told.contains("the token does not allow this") && told.contains("one that does"), "{told}");
    let output = run(&reading, "charge alice 5 --output json");
    let problem: Value = serde_json::from_str(stderr(&output).lines().last().unwrap()).unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&json!("store_unavailable"), &json!(503)));
}

#[test]
fn what_can_wait_is_told_by_commands_that_are_read() {
    let shop = Shop::on_server();
    let told = |arguments: &[&str]| {
        let output = shop.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let told = stderr(&output);
        assert_eq!(told.matches("walresetbug").count(), told.matches("replication log. ").count(), "{told}");
        told.contains("walresetbug")
    };
    assert!(told(&["init"]) && told(&["verify"]));
    assert!(told(&["events", "relay", "--once", "--sink", "file:events.jsonl"]));
    assert!(!told(&["user", "add", "alice"]) && !told(&["charge", "alice", "5"]) && !told(&["top"]));
    let report = shop.json(&["verify"]);
    assert_eq!(report["warnings"].as_array().unwrap().len(), 2, "{report}");
}
