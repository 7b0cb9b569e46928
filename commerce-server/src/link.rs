//! The header `Link` of a page of a list (RFC 8288): where the next page is.

use axum::http::Method;
use axum::http::header::HeaderValue;
use axum::http::request::Parts;

use crate::extract::decoded;

/// The link from a page to the next one, or `None` for the last page and for what is no list. It has all parameters of the
/// request.
pub(crate) fn next_page(parts: &Parts, page: &[u8]) -> Option<HeaderValue> {
    if parts.method == Method::POST {
        return None;
    }
    let cursor = next_cursor(page)?;
    let others = parts.uri.query().into_iter().flat_map(|query| query.split('&'));
    let others = others.filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && decoded(name).as_deref() != Some("cursor")
    });
    let mut link = format!("<{}?", parts.uri.path());
    others.for_each(|pair| link.extend([pair, "&"]));
    link.extend(["cursor=", cursor, ">; rel=\"next\""]);
    HeaderValue::try_from(link).ok()
}

/// The cursor at the end of a page. Cursors are letters and digits that need no escape in JSON or in a URL.
fn next_cursor(page: &[u8]) -> Option<&str> {
    let page = page.strip_suffix(b"\"}")?;
    let start = page.iter().rposition(|byte| *byte == b'"')?;
    let cursor = page[..start].ends_with(b"\"next_cursor\":").then(|| &page[start + 1..])?;
    std::str::from_utf8(cursor).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn link(uri: &str, page: &str) -> Option<String> {
        let (parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        next_page(&parts, page.as_bytes()).map(|link| link.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_next_page_keeps_the_parameters() {
        let page = r#"{"items":[{"name":"a"}],"next_cursor":"abc-_9"}"#;
        for (uri, expected) in [
            ("/v1/products", "</v1/products?cursor=abc-_9>; rel=\"next\""),
            (
                "/v1/products?search=%EB%A8%B8&cursor=old&sort=-price&limit=1",
                "</v1/products?search=%EB%A8%B8&sort=-price&limit=1&cursor=abc-_9>; rel=\"next\"",
            ),
            ("/v1/orders?c%75rsor=old&&user=a", "</v1/orders?user=a&cursor=abc-_9>; rel=\"next\""),
        ] {
            assert_eq!(link(uri, page).as_deref(), Some(expected), "{uri}");
        }
        for last in [r#"{"items":[],"next_cursor":null}"#, r#"{"user":"a","name":"next_cursor"}"#, "", "\"}"]
        {
            assert_eq!(link("/v1/products", last), None, "{last}");
        }
    }
}
