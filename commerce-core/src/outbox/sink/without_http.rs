//! Replaces the sink over HTTP when the feature `http-sink` is off: an address is refused with the reason.

use super::{Settings, Sink};
use crate::text::{ValueError, quoted};

/// # Errors
/// Always.
pub(super) fn open(url: &str, _: &Settings) -> Result<Box<dyn Sink>, ValueError> {
    Err(ValueError::new(format!(
        "{} cannot be used: this program was built without the feature \"http-sink\" of commerce-core",
        quoted(url)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_refused_by_the_name_of_the_feature() {
        let Err(error) = open("https://example.com/hook", &Settings::default()) else {
            panic!("not built in")
        };
        let sentence = error.to_string();
        assert!(sentence.contains("\"http-sink\""), "{sentence}");
    }
}
