//! Tests a month of a real shop on a file and on a server.

use crate::real_month::play;
use crate::shop::{On, Shop};

#[test]
fn a_month_of_a_real_shop_comes_out_exactly() {
    [On::File, On::Server(1)].into_iter().for_each(|on| play(&Shop::on(on).commerce));
}
