//! A web page that shows the OpenAPI document of this server. It loads nothing from other hosts.

/// The page as HTML.
pub(crate) const PAGE: &str = include_str!("docs.html");
