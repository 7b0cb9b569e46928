//! Tests the headers that tell a client how to go on: what is left of its rate of requests, where the next page is, and which of
//! them a page of another origin may read.

use serde_json::json;

use crate::http::Answer;
use crate::server::TestServer;

/// The number that a header gives under a name, such as 4 under `r` in `"default";r=4;t=1`.
fn number(answer: &Answer, header: &str, name: &str) -> u64 {
    let value = answer.header(header).unwrap_or_else(|| panic!("{header} in {:?}", answer.headers));
    let (item, parameters) = value.split_once(';').expect("parameters");
    assert_eq!(item, "\"default\"");
    let found = parameters.split(';').find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='));
    found.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{name} in {value}"))
}

#[test]
fn a_client_is_told_what_is_left_of_its_rate_of_requests() {
    let server = TestServer::with(|options| options.rate_limit(5));
    server.stock();
    let secret = server.token("office", None);
    let mut client = server.client().bearer(&secret);
    let answers: Vec<_> = (0..50).map(|_| client.get("/v1/products/mug")).collect();
    assert_eq!(number(&answers[0], "ratelimit", "r"), 4);
    for answer in &answers {
        assert_eq!(
            (number(answer, "ratelimit-policy", "q"), number(answer, "ratelimit-policy", "w")),
            (5, 1)
        );
        let (left, seconds) = (number(answer, "ratelimit", "r"), number(answer, "ratelimit", "t"));
        assert!(left < 5 && seconds >= 1, "{answer:?}");
        if answer.status == 429 {
            let wait = answer.header("retry-after").expect("a wait");
            assert_eq!((left, seconds.to_string().as_str()), (0, wait));
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 429));
    // A problem tells it too; what is not counted does not.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let missing = client.get("/v1/products/no");
    assert_eq!((missing.status, number(&missing, "ratelimit", "r")), (404, 4));
    assert_eq!(server.client().get("/livez").header("ratelimit"), None);
    let unlimited = TestServer::stocked().client().get("/v1/products/mug");
    assert_eq!((unlimited.header("ratelimit"), unlimited.header("ratelimit-policy")), (None, None));
}

#[test]
fn links_lead_through_a_list_as_cursors_do() {
    let server = TestServer::stocked();
    for number in 0..7 {
        server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": number + 1 }));
        server.submit(&json!({ "op": "product.add", "product": format!("cup{number}"), "name": "컵", "price": 1, "stock": 1 }));
    }
    let mut client = server.client();
    for (first, items) in [
        ("/v1/users/bob/ledger?limit=2", 7),
        ("/v1/products?search=%EC%BB%B5&limit=3&sort=-price&active=true", 8),
        ("/v1/products?limit=100", 9),
        ("/v1/orders", 0),
        ("/v1/products/top", 0),
    ] {
        let (mut path, mut seen, mut pages) = (first.to_owned(), Vec::new(), 0);
        loop {
            let page = client.get(&path);
            assert_eq!(page.status, 200, "{path}: {page:?}");
            let body = page.json();
            seen.extend(body["items"].as_array().expect("items").clone());
            pages += 1;
            let Some(link) = page.header("link") else {
                assert!(body["next_cursor"].is_null(), "{path}");
                break;
            };
            assert!(link.contains(body["next_cursor"].as_str().expect("a cursor")), "{link}");
            let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            path = target.expect("a link to the next page").to_owned();
        }
        assert_eq!(seen.len(), items, "{first}");
        let differ = seen.iter().collect::<std::collections::HashSet<_>>().len();
        assert_eq!(differ, items, "{first}: no row comes twice");
        assert!(items < 3 || first.contains("limit=100") || pages > 2, "{first}: {pages} pages");
    }
}

#[test]
fn a_page_of_another_origin_may_read_them_and_send_conditions() {
    let origin = "https://shop.example";
    let server = TestServer::with(|options| options.cors_origins(vec![origin.into()]).rate_limit(100));
    let list = |answer: &Answer, header: &str| -> Vec<String> {
        let values = answer.header(header).unwrap_or_default().split(',');
        values.map(|value| value.trim().to_ascii_lowercase()).collect()
    };
    let answer = server.client().send("GET", "/v1/products", &[("Origin", origin)], None).unwrap();
    let exposed = list(&answer, "access-control-expose-headers");
    for header in ["etag", "link", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"] {
        assert!(exposed.iter().any(|name| name == header), "{header} in {exposed:?}");
    }
    let preflight = [("Origin", origin), ("Access-Control-Request-Method", "PATCH")];
    let answer = server.client().send("OPTIONS", "/v1/products/mug", &preflight, None).unwrap();
    let allowed = list(&answer, "access-control-allow-headers");
    for header in ["authorization", "if-match", "if-none-match", "idempotency-key"] {
        assert!(allowed.iter().any(|name| name == header), "{header} in {allowed:?}");
    }
}
