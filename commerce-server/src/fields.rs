//! What a request says, path, query and body together, as the one JSON object that operations and queries
//! are read from; and the headers that go with it.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::request::Parts;
use commerce_core::Invalid;
use commerce_core::input::{self, Fields};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde_json::{Map, Value};

use crate::options::Limits;
use crate::problem::{Problem, invalid};
use crate::route::{Does, Route, path_field, url_value};

/// The fields of a request.
pub(crate) async fn read(
    route: &Route,
    parts: &mut Parts,
    body: Body,
    limits: &Limits,
) -> Result<Map<String, Value>, Problem> {
    let mut fields = match route.does {
        Does::Submit(_) => match collect(parts, body, limits).await? {
            text if text.is_empty() => Map::new(),
            text => object(input::json(&text)?)?,
        },
        Does::Ask { .. } | Does::Tell(_) => Map::new(),
    };
    // A question's fields stand in the URL; anything else takes none there, so each is refused by its name.
    if let Some(query) = parts.uri.query() {
        for (name, text) in pairs(query)? {
            let value = url_value(&name, &text);
            let taken = match route.does {
                Does::Submit(_) => Some(format!("/{name}")),
                Does::Ask { .. } | Does::Tell(_) => {
                    fields.insert(name.clone(), value).map(|_| format!("/{name}"))
                }
            };
            if let Some(pointer) = taken {
                return Err(invalid(&pointer, "is not taken (again) in the query of this URL"));
            }
        }
    }
    let unreadable = |_| invalid("", "the path is not UTF-8");
    let path = RawPathParams::from_request_parts(parts, &()).await.map_err(unreadable)?;
    for (name, text) in &path {
        let (name, value) = path_field(route, name, text);
        if fields.contains_key(&name) {
            return Err(invalid(&format!("/{name}"), "is not a field here, since the path gives it"));
        }
        fields.insert(name, value);
    }
    if let Does::Submit(_) = route.does {
        if fields.contains_key("key") {
            return Err(invalid("/key", "is not a field here: it is the header Idempotency-Key"));
        }
        if let Some(key) = single(&parts.headers, &IDEMPOTENCY_KEY)? {
            fields.insert("key".into(), key.into());
        }
    }
    Ok(fields)
}

/// A field that the route knows nothing of.
pub(crate) fn unknown(name: &str) -> Problem {
    let short: String = name.chars().take(64).collect();
    invalid(&format!("/{short}"), "is not a field here")
}

/// The one value of a header; several of it, or what is no text, would leave open which was meant.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(invalid("", format!("the header {name} is not visible ASCII"))),
        },
        (Some(_), Some(_)) => Err(invalid("", format!("the header {name} stands twice"))),
    }
}

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The whole body, within its bounds of length and time.
async fn collect(parts: &Parts, body: Body, limits: &Limits) -> Result<Bytes, Problem> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > limits.body_size as u64 {
        return Err(Problem::TooLarge(limits.body_size));
    }
    is_json(&parts.headers)?;
    let whole = tokio::time::timeout(limits.body, Limited::new(body, limits.body_size).collect());
    match whole.await {
        Err(_) => Err(Problem::Timeout),
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::TooLarge(limits.body_size)),
        Ok(Err(_)) => Err(invalid("", "the body ended early")),
    }
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = single(headers, &header::CONTENT_TYPE)?.ok_or(Problem::UnsupportedMediaType)?;
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let utf8 = parameters.trim().split_once('=').is_none_or(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let plain = single(headers, &header::CONTENT_ENCODING)?;
    let plain = plain.is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    if kind.trim().eq_ignore_ascii_case("application/json") && utf8 && plain {
        return Ok(());
    }
    Err(Problem::UnsupportedMediaType)
}

fn object(value: Value) -> Result<Map<String, Value>, Invalid> {
    match value {
        Value::Object(object) => Ok(object),
        // The engine's own sentence for what is no object.
        other => Fields::read(&other, |_| None),
    }
}

/// The names and values of a query, percent-decoded.
fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name)?, decoded(value)?))
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(pair);
    let unreadable = || invalid("", "the query of the URL is not percent-encoded UTF-8");
    pairs.collect::<Option<_>>().ok_or_else(unreadable)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_or_refused() {
        let read = pairs("a=1&b=%EB%A8%B8+x&c&=&d=a=b").unwrap();
        let expected = [("a", "1"), ("b", "머 x"), ("c", ""), ("", ""), ("d", "a=b")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for bad in ["a=%", "a=%4", "a=%zz", "%ff=1"] {
            assert!(pairs(bad).is_err(), "{bad}");
        }
    }
}
