//! What a request says, path, query and body together, as the one JSON object that operations and queries
//! are read from; and the headers that go with it.

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::request::Parts;
use commerce_core::input::{self, Fields, pointer};
use commerce_core::{Fault, Faults, Invalid};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde_json::{Map, Value};

use crate::budget::Held;
use crate::call::{Server, apart};
use crate::problem::{Problem, invalid};
use crate::route::{Does, Route, path_field, url_value};
use crate::who::Who;

/// What a request says.
pub(crate) struct Said {
    pub(crate) fields: Map<String, Value>,
    /// What is wrong with it already: fields that stand where they do not belong.
    pub(crate) faults: Faults,
    /// The place of the body, until what it asks for is done.
    pub(crate) held: Option<Held>,
}

/// Bodies of so many bytes come and are read as they will. Of longer ones a client has one on its way at a time, and
/// they are read one after the other, where they keep nobody waiting.
const QUICK: usize = 64 << 10;

/// The fields of a request. Where path and body both name one, the path's counts.
pub(crate) async fn read(
    server: &Server,
    route: &Route,
    parts: &mut Parts,
    body: Body,
    who: &Who,
) -> Result<Said, Problem> {
    let mut faults = Faults::default();
    let mut fault = |name: &str, detail: &str| {
        faults.push(Fault { pointer: pointer(name), detail: detail.into() });
    };
    let (mut fields, held) = match route.does {
        Does::Submit(_) => {
            let (text, held) = collect(server, parts, body, who).await?;
            let fields = match text.len() {
                0 => Map::new(),
                1..=QUICK => object(input::json(&text)?)?,
                _ => apart(server, &server.parsing, who, move |_| Ok(object(input::json(&text)?)?)).await?,
            };
            (fields, held)
        }
        Does::Ask { .. } | Does::Tell(_) => (Map::new(), None),
    };
    // A question's fields stand in the URL; anything else takes none there, so each is refused by its name.
    if let Some(query) = parts.uri.query() {
        for (name, text) in pairs(query)? {
            let taken = match route.does {
                Does::Submit(_) => true,
                Does::Ask { .. } | Does::Tell(_) => {
                    fields.insert(name.clone(), url_value(&name, &text)).is_some()
                }
            };
            if taken {
                fault(&name, "is not taken (again) in the query of this URL");
            }
        }
    }
    let unreadable = |_| invalid("", "the path is not UTF-8");
    let path = RawPathParams::from_request_parts(parts, &()).await.map_err(unreadable)?;
    for (name, text) in &path {
        let (name, value) = path_field(route, name, text);
        if fields.insert(name.clone(), value).is_some() {
            fault(&name, "is not a field here, since the path gives it");
        }
    }
    if let Does::Submit(_) = route.does {
        if fields.swap_remove("key").is_some() {
            fault("key", "is not a field here: it is the header Idempotency-Key");
        }
        if let Some(key) = single(&parts.headers, &IDEMPOTENCY_KEY)? {
            fields.insert("key".into(), key.into());
        }
    }
    Ok(Said { fields, faults, held })
}

/// For routes that know no fields.
pub(crate) fn none(said: Said) -> Result<(), Problem> {
    Ok(Fields::read_beside(said.faults, &Value::Object(said.fields), |_| Some(()))?)
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

/// The whole body, within its bounds of length, time and memory.
async fn collect(
    server: &Server,
    parts: &Parts,
    body: Body,
    who: &Who,
) -> Result<(Vec<u8>, Option<Held>), Problem> {
    let limits = &server.limits;
    if body.is_end_stream() {
        return Ok((Vec::new(), None));
    }
    let (least, most) = (body.size_hint().lower(), body.size_hint().upper());
    if least > limits.body_size as u64 {
        return Err(Problem::TooLarge(limits.body_size));
    }
    is_json(&parts.headers)?;
    // Whose length is not told may become as long as any.
    let room = most
        .and_then(|most| usize::try_from(most).ok())
        .map_or(limits.body_size, |most| most.min(limits.body_size));
    let mut held = None;
    let mut body = Limited::new(body, limits.body_size);
    let whole = async {
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
                true => Problem::TooLarge(limits.body_size),
                false => invalid("", "the body ended early"),
            })?;
            let Some(data) = frame.data_ref() else { continue };
            if held.is_none() && text.len() + data.len() > who.uncounted() {
                // The rest of it stays with the client meanwhile.
                let budget = if room > QUICK { &server.long } else { &server.budget };
                held = Some(budget.room(&who.client(), room).await);
                // At once, rather than little by little with a copy each time.
                text.reserve_exact(room);
            }
            text.extend_from_slice(data);
        }
        Ok::<_, Problem>(text)
    };
    let text = tokio::time::timeout(limits.body, whole).await.map_err(|_| Problem::Timeout)??;
    Ok((text, held))
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
