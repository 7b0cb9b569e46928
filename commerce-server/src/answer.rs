//! Answers as responses, their bytes counted for as long as they are on the way.

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};

use crate::call::Server;
use crate::etag;
use crate::problem::Problem;
use crate::route::Tag;
use crate::who::Who;
use crate::zip;

/// An answer that was made: JSON, perhaps with a tag, perhaps also compressed.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) tag: Option<u64>,
    pub(crate) body: Bytes,
    zipped: Option<Bytes>,
}

impl Made {
    pub(crate) fn new(body: Vec<u8>, tag: Tag) -> Self {
        let tag = (tag != Tag::No).then(|| etag::tag_of(&body, tag));
        Self { tag, body: body.into(), zipped: None }
    }

    /// Compressed as well, if that is worth it.
    pub(crate) fn zipped(self) -> Self {
        Self { zipped: zip::zipped(&self.body).map(Bytes::from), ..self }
    }

    /// Not compressed.
    pub(crate) fn plain(&self) -> Self {
        Self { tag: self.tag, body: self.body.clone(), zipped: None }
    }

    /// The answer to one client.
    pub(crate) fn response(self, server: &Server, who: &Who) -> Result<Response<Body>, Problem> {
        let Self { tag, body, zipped } = self;
        let is_zipped = zipped.is_some();
        let sent = counted(server, who, zipped.unwrap_or(body))?;
        let mut response = json(StatusCode::OK, sent);
        if is_zipped {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(match tag {
            Some(tag) => tagged(response, tag),
            None => response,
        })
    }

    /// The answer to everybody who asks, of which there is only one copy.
    pub(crate) fn shared(&self, zip: bool) -> Response<Body> {
        let sent = if zip { self.zipped.clone() } else { None };
        let is_zipped = sent.is_some();
        let mut response = json(StatusCode::OK, sent.unwrap_or_else(|| self.body.clone()));
        if is_zipped {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        vary(&mut response);
        response
    }
}

/// JSON.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Body> {
    of(status, "application/json", body.into())
}

/// An answer of some other kind.
pub(crate) fn of(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The news that the client has the answer.
pub(crate) fn unchanged(tag: u64) -> Response<Body> {
    let mut response = tagged(Response::new(Body::empty()), tag);
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// Tells caches that others may be answered in another encoding.
pub(crate) fn vary(response: &mut Response<Body>) {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
}

/// The bytes, counted unless they are few.
pub(crate) fn counted(server: &Server, who: &Who, bytes: Bytes) -> Result<Bytes, Problem> {
    match bytes.len() > who.uncounted() {
        true => Ok(server.budget.take(&who.client(), bytes.len())?.with(bytes)),
        false => Ok(bytes),
    }
}

/// The bytes, counted unless they are few, even where there is no room: they tell what was done.
pub(crate) fn counted_anyway(server: &Server, who: &Who, bytes: Bytes) -> Bytes {
    match bytes.len() > who.uncounted() {
        true => server.budget.take_anyway(&who.client(), bytes.len()).with(bytes),
        false => bytes,
    }
}

fn tagged(mut response: Response<Body>, tag: u64) -> Response<Body> {
    // Hexadecimal digits in quotes are a header's value.
    if let Ok(tag) = HeaderValue::try_from(etag::shown(tag)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
