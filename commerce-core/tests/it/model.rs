//! Tests random operations against a simple model, on every kind of store.

use proptest::prelude::*;
use serde_json::Value;

use crate::shop::{On, Shop};
use crate::simple_model::{agree, operations};

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reply_and_the_whole_state_agree_with_the_model(operations in operations(), group in 1..80_usize) {
        agree_on(On::File, &operations, group)?;
    }
}

proptest! {
    // Each case starts a server of its own.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_a_server_they_agree_too(
        operations in operations(), group in 1..80_usize, instances in prop::sample::select(vec![1_usize, 2, 4]),
    ) {
        agree_on(On::Server(instances), &operations, group)?;
    }
}

fn agree_on(on: On, operations: &[Value], group: usize) -> Result<(), TestCaseError> {
    agree(&Shop::on(on).instances, operations, group)
}
