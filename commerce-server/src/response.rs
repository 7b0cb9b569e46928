//! Responses, whose bytes count against the memory budget for as long as they are being sent.

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use commerce_core::Error;

use crate::budget::Budget;
use crate::client::Client;
use crate::etag::Etag;
use crate::gzip;
use crate::route::EtagScope;

/// An answer as JSON, optionally with an `ETag` and a compressed form.
#[derive(Clone)]
pub(crate) struct Representation {
    etag: Option<Etag>,
    pub(crate) body: Bytes,
    gzip: Option<Bytes>,
}

impl Representation {
    pub(crate) fn new(body: Vec<u8>, scope: EtagScope) -> Self {
        Self { etag: Etag::of(&body, scope), body: body.into(), gzip: None }
    }

    /// The tag of the answer in the form in which it is sent, if it has one.
    pub(crate) fn etag(&self) -> Option<Etag> {
        match self.gzip {
            Some(_) => self.etag.map(Etag::weakened),
            None => self.etag,
        }
    }

    /// Adds the compressed form, unless the answer is too short to be worth it.
    pub(crate) fn with_gzip(self) -> Self {
        Self { gzip: gzip::compress(&self.body).map(Bytes::from), ..self }
    }

    /// A copy without the compressed form.
    pub(crate) fn without_gzip(&self) -> Self {
        Self { etag: self.etag, body: self.body.clone(), gzip: None }
    }

    /// The response to one client. It is compressed if there is a compressed form.
    ///
    /// # Errors
    /// [`Error::Busy`] when the client has no room left in the budget.
    pub(crate) fn into_response(self, budget: &Budget, client: &Client) -> Result<Response<Body>, Error> {
        let etag = self.etag();
        let Self { body, gzip, .. } = self;
        let is_compressed = gzip.is_some();
        let body = counted(budget, client, gzip.unwrap_or(body))?;
        let response = json_response(body, is_compressed);
        Ok(match etag {
            Some(etag) => tagged(response, etag),
            None => response,
        })
    }

    /// The response to any client. All share one copy, so it does not count against the budget.
    pub(crate) fn to_shared_response(&self, accepts_gzip: bool) -> Response<Body> {
        let gzip = self.gzip.as_ref().filter(|_| accepts_gzip);
        let mut response = json_response(gzip.unwrap_or(&self.body).clone(), gzip.is_some());
        vary_by_encoding(&mut response);
        response
    }
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Body> {
    with_type(status, "application/json", body.into())
}

/// A response of any media type.
pub(crate) fn with_type(status: StatusCode, media_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// 304: the client has the answer.
pub(crate) fn not_modified(etag: Etag) -> Response<Body> {
    let mut response = tagged(Response::new(Body::empty()), etag);
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// Tells caches that the response depends on `Accept-Encoding`.
pub(crate) fn vary_by_encoding(response: &mut Response<Body>) {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
}

/// Counts the bytes against the budget until they are sent. Small answers are not counted.
///
/// # Errors
/// [`Error::Busy`] when there is no room.
pub(crate) fn counted(budget: &Budget, client: &Client, bytes: Bytes) -> Result<Bytes, Error> {
    match bytes.len() > client.uncounted() {
        true => Ok(budget.try_reserve(&client.key(), bytes.len())?.attach(bytes)),
        false => Ok(bytes),
    }
}

/// Counts the bytes as [`counted`] does, even beyond the budget: a change that was made must be reported.
pub(crate) fn counted_unchecked(budget: &Budget, client: &Client, bytes: Bytes) -> Bytes {
    match bytes.len() > client.uncounted() {
        true => budget.reserve_unchecked(&client.key(), bytes.len()).attach(bytes),
        false => bytes,
    }
}

fn json_response(body: Bytes, is_compressed: bool) -> Response<Body> {
    let mut response = json(StatusCode::OK, body);
    if is_compressed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Adds the tag of the answer.
pub(crate) fn tagged(mut response: Response<Body>, etag: Etag) -> Response<Body> {
    // The value is hexadecimal digits in quotes, so this always holds.
    if let Ok(value) = HeaderValue::try_from(etag.header_value()) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
