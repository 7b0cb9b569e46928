//! Collects the fields of a request from its path, query and body. The operation or query reads each by its own type.

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use commerce_core::input::{self, Fields, RawFields, pointer};
use commerce_core::{Fault, Faults, Invalid};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde_json::{Map, Value};

use crate::budget::Reservation;
use crate::client::Client;
use crate::headers::single;
use crate::problem::{Problem, invalid};
use crate::route::{Extension, Handler, Route};
use crate::server::Server;

/// The fields of a request.
pub(crate) struct Extracted {
    pub(crate) fields: RawFields,
    /// Faults that were found so far: fields in the wrong place.
    pub(crate) faults: Faults,
    /// The memory of the body, to be held until the request is done.
    pub(crate) body_memory: Option<Reservation>,
}

/// The largest body, in bytes, that is parsed on the thread that received it. A client sends one longer body at a time,
/// and a pool of its own parses them one after the other, so that they delay no other request.
pub(crate) const LONG_BODY: usize = 64 << 10;

/// Extracts the fields of a request. If path and body both name a field, the path's value counts and the body's is a
/// fault.
pub(crate) async fn extract(
    server: &Server,
    route: &Route,
    parts: &mut Parts,
    body: Body,
    client: &Client,
) -> Result<Extracted, Problem> {
    let is_operation = matches!(route.handler, Handler::Operation(_));
    let (mut object, body_memory) = match is_operation {
        true => collect_object(server, parts, body, client).await?,
        false => (Map::new(), None),
    };
    let has_key = is_operation && object.swap_remove("key").is_some();
    let has_condition = route.extension == Extension::IfMatch && object.swap_remove("if_match").is_some();
    let (mut fields, mut faults) = (RawFields::new(object), Faults::default());
    let mut fault = |name: &str, detail: &str| {
        faults.push(Fault { pointer: pointer(name), detail: detail.into() });
    };
    // Only queries take fields in the query of the URL.
    if let Some(query) = parts.uri.query() {
        for (name, text) in pairs(query)? {
            if is_operation {
                fault(&name, "is not accepted in the query of the URL");
                continue;
            }
            if fields.contains(&name) {
                fault(&name, "appears more than once in the query of the URL");
            }
            fields.set_text(name, text);
        }
    }
    for (parameter, text) in &path_parameters(parts).await? {
        let name = route.field(parameter);
        if fields.contains(name) {
            fault(name, "is already given by the path");
        }
        fields.set_text(name, text);
    }
    if has_key {
        fault("key", "must be sent as the header Idempotency-Key");
    }
    if has_condition {
        fault("if_match", "must be sent as the header If-Match");
    }
    if route.extension == Extension::IfMatch {
        // A header that appears twice is one list.
        let lines = parts.headers.get_all(header::IF_MATCH).iter();
        let lines: Result<Vec<_>, _> = lines.map(HeaderValue::to_str).collect();
        let lines = lines.map_err(|_| invalid("/if_match", "the header If-Match is not visible ASCII"))?;
        if !lines.is_empty() {
            fields.set_text("if_match", lines.join(", "));
        }
    }
    if is_operation && let Some(key) = single(&parts.headers, &IDEMPOTENCY_KEY)? {
        fields.set_text("key", key);
    }
    Ok(Extracted { fields, faults, body_memory })
}

/// Reads the query of the URL with `read`, where it holds no fields but says how to answer.
pub(crate) fn parameters<T>(
    parts: &Parts,
    read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
) -> Result<T, Problem> {
    let (mut fields, mut faults) = (RawFields::default(), Faults::default());
    for (name, text) in pairs(parts.uri.query().unwrap_or_default())? {
        if fields.contains(&name) {
            let detail = "appears more than once in the query of the URL".into();
            faults.push(Fault { pointer: pointer(&name), detail });
        }
        fields.set_text(name, text);
    }
    Ok(Fields::read_raw(faults, &fields, read)?)
}

/// The parameters of the path.
pub(crate) async fn path_parameters(parts: &mut Parts) -> Result<RawPathParams, Problem> {
    let unreadable = |_| invalid("", "the path is not UTF-8");
    RawPathParams::from_request_parts(parts, &()).await.map_err(unreadable)
}

/// Receives a body that is a JSON object, or none.
pub(crate) async fn collect_object(
    server: &Server,
    parts: &Parts,
    body: Body,
    client: &Client,
) -> Result<(Map<String, Value>, Option<Reservation>), Problem> {
    let (text, memory) = collect(server, parts, body, client, &["application/json"]).await?;
    let object = match text.len() {
        0 => Map::new(),
        1..=LONG_BODY => object(input::json(&text)?)?,
        _ => {
            let parse = move |_: &_| Ok(object(input::json(&text)?)?);
            server.run_in(&server.pools.bodies, client, parse).await?
        }
    };
    Ok((object, memory))
}

/// Refuses any field, for routes that take none.
pub(crate) fn no_fields(extracted: Extracted) -> Result<(), Problem> {
    Ok(Fields::read_raw(extracted.faults, &extracted.fields, |_| Some(()))?)
}

pub(crate) static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Receives the whole body, of one of these media types, within the limits of length, time and memory.
pub(crate) async fn collect(
    server: &Server,
    parts: &Parts,
    body: Body,
    client: &Client,
    media_types: &[&str],
) -> Result<(Vec<u8>, Option<Reservation>), Problem> {
    let limits = &server.limits;
    if body.is_end_stream() {
        return Ok((Vec::new(), None));
    }
    let (lower, upper) = (body.size_hint().lower(), body.size_hint().upper());
    let limit = limits.max_body_bytes;
    if lower > limit as u64 {
        return Err(Problem::TooLarge(limit));
    }
    require_media_type(&parts.headers, media_types)?;
    // A body of unknown length may become as long as the limit.
    let length = upper.and_then(|upper| usize::try_from(upper).ok()).map_or(limit, |upper| upper.min(limit));
    let mut memory = None;
    let mut body = Limited::new(body, limit);
    let receive = async {
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
                true => Problem::TooLarge(limit),
                false => invalid("", "the body ended early"),
            })?;
            let Some(data) = frame.data_ref() else { continue };
            if memory.is_none() && text.len() + data.len() > client.uncounted() {
                // While this waits, flow control keeps the rest of the body with the client.
                let budget =
                    if length > LONG_BODY { &server.memory.long_bodies } else { &server.memory.general };
                memory = Some(budget.reserve(&client.key(), length).await);
                // The memory is allocated once, since each growth would copy the text.
                text.reserve_exact(length);
            }
            text.extend_from_slice(data);
        }
        Ok::<_, Problem>(text)
    };
    let text = tokio::time::timeout(limits.body_timeout, receive).await.map_err(|_| Problem::Timeout)??;
    Ok((text, memory))
}

/// Refuses a body that is not declared as one of these, unencoded and in UTF-8.
fn require_media_type(headers: &HeaderMap, media_types: &[&str]) -> Result<(), Problem> {
    let value = single(headers, &header::CONTENT_TYPE)?.ok_or(Problem::UnsupportedMediaType)?;
    let (media_type, parameters) = value.split_once(';').unwrap_or((value, ""));
    let is_utf8 = parameters.trim().split_once('=').is_none_or(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let encoding = single(headers, &header::CONTENT_ENCODING)?;
    let is_plain = encoding.is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    let is_known = media_types.iter().any(|known| media_type.trim().eq_ignore_ascii_case(known));
    if is_known && is_utf8 && is_plain {
        return Ok(());
    }
    Err(Problem::UnsupportedMediaType)
}

fn object(value: Value) -> Result<Map<String, Value>, Invalid> {
    match value {
        Value::Object(object) => Ok(object),
        // Gives the engine's own message for a value that is not an object.
        other => Fields::read(&other, |_| None),
    }
}

/// The most parameters in the query of a URL. No query has as many fields, and the names of all are compared.
const MAX_PARAMETERS: usize = 100;

/// The names and values in the query of a URL, percent-decoded.
fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name)?, decoded(value)?))
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    if pairs.clone().nth(MAX_PARAMETERS).is_some() {
        return Err(invalid("", format!("the query of the URL has more than {MAX_PARAMETERS} parameters")));
    }
    let pairs = pairs.map(pair);
    let unreadable = || invalid("", "the query of the URL is not percent-encoded UTF-8");
    pairs.collect::<Option<_>>().ok_or_else(unreadable)
}

/// Text of a URL without its percent-encoding, if it is UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
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
        assert!(pairs(&"a&".repeat(MAX_PARAMETERS)).is_ok());
        assert!(pairs(&"a&".repeat(MAX_PARAMETERS + 1)).is_err());
    }
}
