//! A page that shows the API, made of what the server itself says. It loads nothing from anywhere else.

/// The page.
pub(crate) const PAGE: &str = include_str!("docs.html");
