//! The form of addresses, before anything looks at the rest of one.

use std::path::Path;

/// Whether a place is the address of a shop that is served.
pub fn is_served(place: &Path) -> bool {
    let served = ["commerce://", "commerce+http://"];
    place.to_str().is_some_and(|text| served.iter().any(|scheme| text.starts_with(scheme)))
}
