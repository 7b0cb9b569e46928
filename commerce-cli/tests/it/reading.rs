//! Tests that commands that read write nothing to a server: they need no token that may write, and do not wait for the
//! lock of those who write.

use serde_json::{Value, json};

use crate::jwt::Signer;
use crate::process::Server;
use crate::shop::{Shop, stderr};
use crate::sqld::Sqld;
use crate::system::until;

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

#[test]
fn a_running_server_takes_a_renewed_token_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, server) = Signer::with_server(folder.path());
    let shop = Shop::on(server);
    shop.file("token", signer.writing());
    let with_file = |arguments: &[&str]| {
        let mut program = shop.program(arguments);
        program.env("COMMERCE_DB_TOKEN_FILE", "token");
        program
    };
    for arguments in [&["init"][..], &["user", "add", "alice"]] {
        assert!(with_file(arguments).output().unwrap().status.success());
    }
    shop.file("token", signer.expiring_in(6));
    let served = Server::start(with_file(&["serve", "--listen", "127.0.0.1:0"]));
    let mut client = served.client();
    let mut charge = |key: &str| {
        let headers = [("Idempotency-Key", key)];
        client.send("POST", "/v1/users/alice/charges", &headers, Some(&json!({ "amount": 1 }))).unwrap()
    };
    assert_eq!(charge("1").status, 201);
    until("the token expires", || charge("1").status == 503);
    let refused = charge("2");
    assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("store_unavailable")));
    assert!(refused.json()["detail"].as_str().unwrap().contains("expired"), "{:?}", refused.json());
    assert!(refused.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("retry-after")));
    assert!(stderr(&with_file(&["balance", "alice"]).output().unwrap()).contains("expired"));

    shop.file("token", signer.writing());
    assert_eq!((charge("2").status, charge("1").status), (201, 201));
    let told = with_file(&["balance", "alice", "--output", "json"]).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&told.stdout).unwrap()["balance"], 2);
}
