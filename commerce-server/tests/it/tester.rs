//! The document held against the server by somebody who has no stake in either: schemathesis makes requests
//! out of the document, good and bad, and tests each answer against it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::served::Served;

const VERSION: &str = "4.32.5";

/// More examples: `COMMERCE_TEST_EXAMPLES=500 cargo test -p commerce-server tester`.
#[test]
fn the_document_holds_for_requests_made_out_of_it() {
    let tester = installed();
    let served = Served::stocked();
    let secret = served.token("office", None);
    let examples = std::env::var("COMMERCE_TEST_EXAMPLES").unwrap_or_else(|_| "15".into());
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
        response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth";
    let done = Command::new(tester)
        .args(["run", &format!("http://{}/openapi.json", served.address), "--checks", checks])
        .args(["--max-examples", &examples, "--seed", "1", "--suppress-health-check", "all", "--no-color"])
        .args(["--header", &format!("Authorization: Bearer {secret}")])
        // A stream does not end, so there is no answer to wait for.
        .args(["--exclude-path", "/v1/events", "--request-timeout", "30"])
        .env("PYTHONWARNINGS", "ignore")
        // It leaves a cache where it is run.
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("to start schemathesis");
    assert!(done.status.success(), "{}", told(&done));
    assert!(served.shop.verify().unwrap().is_empty());
}

/// The program, installed into the target folder the first time.
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("schemathesis-{VERSION}"));
    let program = folder.join("bin/schemathesis");
    if program.exists() {
        return program;
    }
    let run = |program: &Path, args: &[&str]| {
        let done = Command::new(program).args(args).output();
        let help = "install python3 with its modules venv and pip (Debian: apt install python3-venv), and reach PyPI";
        match done {
            Ok(done) => {
                assert!(done.status.success(), "this test needs schemathesis: {help}\n{}", told(&done))
            }
            Err(error) => panic!("this test needs python3: {help} ({error})"),
        }
    };
    // Under another name until it is whole.
    let making = folder.with_extension("making");
    run(Path::new("python3"), &["-m", "venv", "--clear", &making.to_string_lossy()]);
    let wanted = format!("schemathesis=={VERSION}");
    run(
        &making.join("bin/python"),
        &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &wanted],
    );
    // Programs of a venv name its folder, so the interpreter starts the module at its new place.
    std::fs::rename(&making, &folder).expect("the folder's own name");
    run(Path::new("python3"), &["-m", "venv", "--upgrade", &folder.to_string_lossy()]);
    let start = format!("#!/bin/sh\nexec '{0}/bin/python' -m schemathesis.cli \"$@\"\n", folder.display());
    std::fs::write(&program, start).expect("a program that starts it");
    program
}

fn told(done: &Output) -> String {
    let [out, err] = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}\n{err}")
}
