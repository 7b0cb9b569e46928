//! Tests the order of refusals, and that malformed input is told with every fault.

use crate::shop::{Shop, everywhere};
use crate::{invalid, refusals};

#[test]
fn the_first_refusal_that_applies_is_the_answer() {
    everywhere(|on| {
        let mut shop = Shop::on(on);
        refusals::check(&mut shop);
        shop.clean();
    });
}

#[test]
fn malformed_input_names_every_fault() {
    invalid::check(&mut Shop::new());
}
