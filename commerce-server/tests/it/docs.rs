//! Tests the page `/docs`: it needs nothing from elsewhere, nothing else may run in it, and it has the remedy of every problem.

use std::collections::{HashMap, HashSet};

use commerce_core::{Cause, Error, Refusal};
use commerce_server::Problem;
use serde_json::json;

use crate::server::TestServer;

/// The codes of refusals, as the source of the core has them.
fn refusals() -> Vec<&'static str> {
    let source = include_str!("../../../commerce-core/src/refusal.rs");
    let (_, codes) = source.split_once("pub fn code(").expect("the method");
    let (codes, _) = codes.split_once("\n    }\n").expect("its end");
    codes.split('"').skip(1).step_by(2).collect()
}

/// A refusal with this code, which finds its facts among those of all refusals.
fn refusal(code: &str) -> Refusal {
    let facts = json!({
        "code": code, "user": "u", "product": "p", "products": ["p"], "what": "the balance", "limit": 1, "items": [],
        "expected": 1, "total": 1, "balance": 1, "order": 1, "order_status": "paid", "reason": "r", "events": [1],
        "name": "n", "key": "k",
    });
    serde_json::from_value(facts).unwrap_or_else(|e| panic!("{code}: {e}"))
}

#[test]
fn every_code_has_its_status_and_a_remedy() {
    let page = String::from_utf8(TestServer::new().client().get("/docs").body).expect("text");
    let entries = page.split("<dt id=\"").skip(1).map(|entry| {
        let (code, rest) = entry.split_once('"').expect("a code");
        let (_, status) = rest.split_once("<span class=\"quiet\">").expect("a status");
        assert!(rest.contains("<span class=\"remedy\">"), "{code}");
        (code, status[..3].parse::<u16>().expect("a number"))
    });
    let entries: HashMap<_, _> = entries.collect();
    let cause = || Cause::of(std::io::Error::other("x"));
    let others = [
        Problem::Engine(Error::Invalid(commerce_core::Invalid::at("", "x"))),
        Problem::NotFound,
        Problem::MethodNotAllowed,
        Problem::Unauthenticated("x"),
        Problem::Forbidden("x"),
        Problem::TooLarge(1),
        Problem::UnsupportedMediaType,
        Problem::Timeout,
        Problem::RateLimited(1),
        Problem::Engine(Error::Busy("x".into())),
        Problem::Engine(Error::Unavailable(cause())),
        Problem::Engine(Error::Gone("x".into())),
        Problem::Engine(Error::Store(cause())),
    ];
    let refused = refusals().into_iter().map(|code| Problem::Engine(refusal(code).into()));
    let mut known = HashSet::new();
    for problem in refused.chain(others) {
        assert_eq!(entries.get(problem.code()), Some(&problem.status().as_u16()), "{}", problem.code());
        known.insert(problem.code());
    }
    assert!(refusals().len() > 18, "{:?}", refusals());
    assert_eq!(known.len(), entries.len(), "{entries:?}");
}

#[test]
fn the_type_of_a_problem_leads_to_its_entry() {
    let server = TestServer::new();
    let mut client = server.client();
    for (path, code) in [
        ("/v1/nothing", "not_found"),
        ("/v1/users/no", "user_not_found"),
        ("/v1/orders/x", "invalid_request"),
    ] {
        let problem = client.get(path).json();
        assert_eq!((&problem["code"], &problem["type"]), (&json!(code), &json!(format!("/docs#{code}"))));
        let page = String::from_utf8(client.get("/docs").body).expect("text");
        assert!(page.contains(&format!("<dt id=\"{code}\">")), "{code}");
    }
}

#[test]
fn only_the_page_itself_may_run_and_it_loads_nothing_from_elsewhere() {
    let answer = TestServer::new().client().get("/docs");
    let policy = answer.header("content-security-policy").expect("a policy").to_owned();
    for part in [
        "default-src 'none'",
        "script-src 'sha256-",
        "style-src 'sha256-",
        "connect-src 'self'",
        "form-action 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    let page = String::from_utf8(answer.body).expect("text");
    assert!(!page.contains("<!-- problems -->"));
    for elsewhere in [
        "http:",
        "https:",
        "src=",
        "@import",
        "url(",
        "localStorage",
        "sessionStorage",
        "document.cookie",
        " style=\"",
    ] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    assert_eq!((page.matches("<script").count(), page.matches("<style").count()), (1, 1));
}
