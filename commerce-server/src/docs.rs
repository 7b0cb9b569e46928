//! A web page that shows the OpenAPI document of this server, lets a reader try its requests, and explains the codes of problems.
//! It loads nothing from other hosts.

use std::fmt::Write as _;

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::remedies::{REMEDIES, Remedy};
use crate::response;

/// The page without the problems, for which it has a place.
const TEMPLATE: &str = include_str!("docs.html");

const PLACE: &str = "<!-- problems -->";

/// The page.
pub(crate) struct Docs {
    page: Bytes,
    /// What the page may load and run: its own script and style, known by their hashes, and this server's API. It holds a
    /// token in memory, so nothing else may run in it (Content Security Policy Level 3).
    policy: HeaderValue,
}

impl Docs {
    pub(crate) fn new() -> Self {
        let page = TEMPLATE.replace(PLACE, &REMEDIES.iter().map(definition).collect::<String>());
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
            hash(&page, "script"),
            hash(&page, "style"),
        );
        // Hashes in base64 and a fixed text are always a valid header value.
        let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Self { page: page.into(), policy }
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let page = self.page.clone().into();
        let mut response = response::with_type(StatusCode::OK, "text/html; charset=utf-8", page);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// The entry of a code. The texts are this program's own, and have no character that HTML would interpret.
fn definition(remedy: &Remedy) -> String {
    let Remedy { code, status, cause, remedy } = remedy;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "<dt id=\"{code}\"><code>{code}</code> <span class=\"quiet\">{status}</span></dt><dd>{cause} <span class=\"remedy\">{remedy}</span></dd>"
    );
    text
}

/// The hash of the one element of this name, as a source of the policy.
fn hash(page: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let content = page
        .split_once(&open)
        .and_then(|(_, rest)| rest.split_once(&close))
        .map_or("", |(content, _)| content);
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}
