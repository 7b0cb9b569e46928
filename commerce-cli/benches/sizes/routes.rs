//! Measures every route from one client, over a keep-alive connection.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::commands::ms;
use crate::http::Client;
use crate::shop::{Parameters, Shop};
use crate::table::{Reference, Table};

/// A measured request. The words in braces are parameters, drawn for each request.
struct Case {
    /// The method, and the path as in the OpenAPI document, with an optional query.
    request: &'static str,
    body: &'static str,
    /// The preparation, which is not measured: a request and its body. The order that it places is `{placed}`.
    before: Option<(&'static str, &'static str)>,
}

const CART: Option<(&str, &str)> =
    Some(("POST /v1/users/{user}/cart/items", r#"{"product":"{product}","quantity":1}"#));
const PLACE: (&str, &str) = (
    "POST /v1/orders",
    r#"{"user":"{user}","items":[{"product":"{product}","quantity":1},{"product":"{other}","quantity":2}]}"#,
);

const CASES: &[Case] = &[
    // Answers from the server's cache.
    case("GET /v1/products", ""),
    case("GET /v1/products/top", ""),
    case("GET /v1/products/{product}", ""),
    fresh("GET /v1/products/top?days=3"),
    fresh("GET /v1/products/top?days=30"),
    fresh("GET /v1/products/top?days=365"),
    fresh("GET /v1/products/top?days=30&to={middle}"),
    case("GET /v1/users/{user}", ""),
    fresh("GET /v1/users/{user}/balance"),
    fresh("GET /v1/users/{user}/ledger"),
    fresh("GET /v1/products?limit=20"),
    fresh("GET /v1/products?sort=name"),
    fresh("GET /v1/products?sort=price"),
    fresh("GET /v1/products?sort=-price"),
    fresh("GET /v1/products?sort=stock"),
    fresh("GET /v1/products?active=false"),
    fresh("GET /v1/products?search=%EB%A8%B8%EA%B7%B8"),
    fresh("GET /v1/products?search={product}"),
    fresh("GET /v1/products?search={new}"),
    fresh("GET /v1/users/{user}/cart"),
    fresh("GET /v1/orders"),
    fresh("GET /v1/orders?user={user}"),
    fresh("GET /v1/orders?status=cancelled"),
    fresh("GET /v1/orders?to={middle}"),
    fresh("GET /v1/orders?to={middle}&status=cancelled"),
    fresh("GET /v1/orders?to={middle}&user={user}"),
    fresh("GET /v1/orders/{order}"),
    fresh("GET /v1/users"),
    fresh("GET /v1/outbox"),
    fresh("GET /v1/tokens"),
    case("GET /v1/version", ""),
    case("GET /v1/events", ""),
    case("GET /openapi.json", ""),
    case("GET /docs", ""),
    case("GET /livez", ""),
    case("GET /readyz", ""),
    case("GET /metrics", ""),
    case("POST /v1/users", r#"{"user":"{new}"}"#),
    case("POST /v1/users/{user}/charges", r#"{"amount":1000}"#),
    case("POST /v1/products", r#"{"product":"{new}","name":"머그컵","price":1000,"stock":1}"#),
    case("PATCH /v1/products/{product}", r#"{"price":1000}"#),
    case("POST /v1/products/{product}/stock", r#"{"delta":1}"#),
    case("POST /v1/users/{user}/cart/items", r#"{"product":"{product}","quantity":1}"#),
    case("PUT /v1/users/{user}/cart/items/{product}", r#"{"quantity":2}"#),
    Case { request: "DELETE /v1/users/{user}/cart/items/{product}", body: "", before: CART },
    Case { request: "DELETE /v1/users/{user}/cart", body: "", before: CART },
    Case { request: "POST /v1/users/{user}/cart/checkout", body: "{}", before: CART },
    case(PLACE.0, PLACE.1),
    Case { request: "POST /v1/orders/{placed}/cancel", body: "{}", before: Some(PLACE) },
    case(
        "POST /v1/operations",
        r#"{"op":"order.place","user":"{user}","items":[{"product":"{product}","quantity":1}]}"#,
    ),
    case("POST /v1/queries/{query}", "{}"),
    case("POST /v1/outbox/retry", r#"{"all":true}"#),
    case("POST /v1/tokens", r#"{"name":"{new}","role":"viewer"}"#),
    Case {
        request: "DELETE /v1/tokens/{new}",
        body: "",
        before: Some(("POST /v1/tokens", r#"{"name":"{new}","role":"viewer"}"#)),
    },
];

/// Routes that are not measured here: the command `verify` is.
const OTHERS: [&str; 1] = ["GET /v1/verify"];

/// The most requests per route, the time after which no further request is sent, and the fewest in any case.
const REQUESTS: usize = 1_000;
const TIME: Duration = Duration::from_secs(2);
const FEWEST: usize = 20;

const fn case(request: &'static str, body: &'static str) -> Case {
    Case { request, body, before: None }
}

/// Routes whose requests follow a commit, so that the server cannot answer from its cache.
const fn fresh(request: &'static str) -> Case {
    Case { request, body: "", before: Some(("POST /v1/users/{user}/charges", r#"{"amount":1000}"#)) }
}

/// Starts a server and measures the routes whose requests contain `only`.
pub fn measure(shop: &mut Shop, only: &str, (commands, routes): (&mut Table, &mut Table)) -> Result<()> {
    let chosen: Vec<&Case> = CASES.iter().filter(|case| case.request.contains(only)).collect();
    if chosen.is_empty() && !"serve".contains(only) {
        return Ok(());
    }
    let secret = shop.ask("token create bench --role operator")?;
    let secret = secret["secret"].as_str().ok_or("a token without a secret")?;
    let started = Instant::now();
    let server = Server::start(shop)?;
    let mut client = Client::connect(server.address)?.bearer(secret);
    require_all_cases(&client.get("/openapi.json").json())?;
    let start = ms(started.elapsed());
    for case in chosen {
        let (mut waits, mut bytes, begun) = (Vec::new(), 0, Instant::now());
        while waits.len() < REQUESTS && (waits.len() < FEWEST || begun.elapsed() < TIME) {
            let (took, length) = match case.request {
                // A stream never ends, so its connection serves nothing else.
                "GET /v1/events" => stream(shop, Client::connect(server.address)?.bearer(secret))?,
                _ => ask(shop, &mut client, case)?,
            };
            waits.push(took);
            bytes = bytes.max(length);
        }
        waits.sort_unstable();
        let at = |percent: usize| ms(waits[(waits.len() * percent / 100).min(waits.len() - 1)]);
        routes.put(case.request, Reference::Printed, shop.size, [at(50), at(99)], bytes);
    }
    // Measured after all requests.
    commands.put("serve", Reference::Printed, shop.size, [start, server.peak()?], 0);
    Ok(())
}

/// Fails if a route of the document has no case.
fn require_all_cases(document: &Value) -> Result<()> {
    let paths = document["paths"].as_object().ok_or("a document without paths")?;
    let routes = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten().map(|(method, _)| method);
        methods
            .filter(|method| *method != "parameters")
            .map(move |method| route(&format!("{} {path}", method.to_uppercase())))
    });
    let known = CASES.iter().map(|case| case.request).chain(OTHERS);
    let known: BTreeSet<String> = known.map(route).collect();
    let missing: Vec<String> = routes.filter(|route| !known.contains(route)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("routes that are not measured: {missing:?}").into()) }
}

/// A route without its query and without the names of its fields.
fn route(request: &str) -> String {
    let path = request.split('?').next().unwrap_or_default();
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

/// Sends one request and returns its time and the bytes of its answer.
fn ask(shop: &mut Shop, client: &mut Client, case: &Case) -> Result<(Duration, u64)> {
    let mut parameters = shop.draw();
    if let Some((request, body)) = case.before {
        let (_, answer) = send(client, &parameters, request, body)?;
        parameters.set("{placed}", answer.json()["order"].to_string());
    }
    let (took, answer) = send(client, &parameters, case.request, case.body)?;
    Ok((took, answer.body.len() as u64))
}

fn send(
    client: &mut Client,
    parameters: &Parameters,
    request: &str,
    body: &str,
) -> Result<(Duration, crate::http::Answer)> {
    let request = parameters.fill(request);
    let (method, path) = request.split_once(' ').ok_or("no method")?;
    let body = parameters.fill(body);
    let body: Option<Value> = if body.is_empty() { None } else { Some(serde_json::from_str(&body)?) };
    let started = Instant::now();
    let answer = client.send(method, path, &[], body.as_ref())?;
    let took = started.elapsed();
    match answer.status {
        200..=299 => Ok((took, answer)),
        status => Err(format!("{request}: {status}: {}", String::from_utf8_lossy(&answer.body)).into()),
    }
}

/// The time until the first event after a number arrives.
fn stream(shop: &mut Shop, mut client: Client) -> Result<(Duration, u64)> {
    let after = shop.draw().fill("Last-Event-ID: {late}");
    let secret: String = client.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let started = Instant::now();
    client
        .write(format!("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{secret}{after}\r\n\r\n").as_bytes())?;
    let answer = client.head()?;
    if answer.status != 200 {
        return Err(format!("GET /v1/events: {}", answer.status).into());
    }
    loop {
        let line = client.line()?;
        if line.starts_with("data:") {
            return Ok((started.elapsed(), line.len() as u64));
        }
    }
}

/// A running server.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(shop: &Shop) -> Result<Self> {
        let mut child = shop.command("serve --listen 127.0.0.1:0").stderr(Stdio::piped()).spawn()?;
        let log = BufReader::new(child.stderr.take().ok_or("no pipe")?);
        let mut log = log.lines().map_while(std::result::Result::ok);
        let address = log.find_map(|line| line.strip_prefix("listening on http://")?.parse().ok());
        // The rest of its output is read too, so that the server never blocks on it.
        std::thread::spawn(move || log.for_each(drop));
        let address = address.ok_or("the server does not listen")?;
        Ok(Self { child, address })
    }

    /// Peak memory in megabytes.
    fn peak(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no account of memory")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1.024e-3)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
