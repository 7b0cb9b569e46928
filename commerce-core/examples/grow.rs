//! Generates a shop of any size. The same arguments give the same shop, so that the figures of the benches can be repeated.
//!
//!     cargo run --release -p commerce-core --example grow -- big.db --orders 1000000 --products 100000 --users 10000
//!
//! It also takes the address of a libSQL server instead of a file.

use std::collections::VecDeque;

use commerce_core::{
    Amount, Clock, Commerce, Currency, Location, Name, Options, ProductId, Quantity, Receive, Stock,
    Submission, SystemClock, Ticket, Time, UserId, catalog, order, user, wallet,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Operations in flight. The engine's queue holds four times as many.
const FLYING: usize = 2_048;

const KINDS: [&str; 8] = [
    "머그컵 Mug",
    "볼펜 Pen",
    "공책 Notebook",
    "비누 Soap",
    "조명 Lamp",
    "담요 Blanket",
    "우산 Umbrella",
    "양초 Candle",
];
const COLOURS: [&str; 6] =
    ["하양 White", "검정 Black", "청자 Celadon", "분홍 Pink", "노랑 Yellow", "남색 Indigo"];
const FAMILIES: [&str; 6] = ["김", "이", "박", "최", "정", "강"];
const GIVEN: [&str; 6] = ["민지", "서준", "하윤", "도현", "지우", "은채"];

/// The size of the shop.
struct Size {
    orders: u64,
    products: u64,
    users: u64,
    days: u16,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [location, ..] = args.as_slice() else {
        return Err("grow LOCATION [--orders N] [--products N] [--users N] [--days N] [--seed N]".into());
    };
    let number = |name: &str, default: u64| -> Result<u64> {
        let value = args.iter().position(|arg| arg == name).and_then(|place| args.get(place + 1));
        Ok(value.map_or(Ok(default), |text| text.parse())?)
    };
    let size = Size {
        orders: number("--orders", 100_000)?,
        products: number("--products", 10_000)?.max(1),
        users: number("--users", 10_000)?.max(1),
        days: u16::try_from(number("--days", 365)?)?,
    };
    let mut random = Random::new(number("--seed", 1)?);
    let shop = Commerce::create(
        location.parse::<Location>()?,
        Currency::try_from("KRW")?,
        Options::new(SystemClock),
    )?;
    let (to, from) = (SystemClock.now(), SystemClock.now().minus_days(size.days));
    stock(&shop, &size, from)?;
    sell(&shop, &size, &mut random, (from, to))?;
    shop.close();
    Ok(())
}

/// Adds customers with money, and products with names in Korean and English.
fn stock(shop: &Commerce, size: &Size, at: Time) -> Result<()> {
    let (mut users, mut products) = (Flying::default(), Flying::default());
    let pick = |from: &[&str], number: u64| from[(number % from.len() as u64) as usize].to_owned();
    for number in 0..size.users {
        let name = Name::try_from(pick(&FAMILIES, number) + &pick(&GIVEN, number / 7))?;
        let user = user_id(number)?;
        let rich = Amount::try_from(1_000_000_000_000)?;
        users
            .keep(shop.submit(Submission::new(user::Add { user: user.clone(), name: Some(name) }).at(at)))?;
        shop.submit(Submission::new(wallet::Charge::new(user, rich)?).at(at));
    }
    for number in 0..size.products {
        let name = format!("{} · {} {number}", pick(&KINDS, number), pick(&COLOURS, number / 8));
        let add = catalog::Add {
            product: product_id(number)?,
            name: Name::try_from(name)?,
            price: Amount::try_from((100 + number % 977).cast_signed() * 10)?,
            stock: Stock::try_from(1_000_000_000)?,
        };
        products.keep(shop.submit(Submission::new(add).at(at)))?;
    }
    users.land()?;
    products.land()
}

/// Places orders of one to five products, evenly over the time. A few products sell most, and one order in a hundred is
/// cancelled.
fn sell(shop: &Commerce, size: &Size, random: &mut Random, (from, to): (Time, Time)) -> Result<()> {
    let (mut flying, mut cancelled) = (Flying::default(), Flying::default());
    let span = to.millis() - from.millis();
    for number in 1..=size.orders {
        let at =
            Time::from_millis(from.millis() + span * number.cast_signed() / size.orders.cast_signed().max(1));
        let mut items = Vec::new();
        for _ in 0..=random.below(5) {
            // The smaller of two random numbers favours the first products.
            let product = random.below(size.products).min(random.below(size.products));
            let quantity = Quantity::try_from(1 + random.below(3).cast_signed())?;
            items.push((product_id(product)?, quantity));
        }
        let items = order::Items::new(items)?;
        let place = order::Place { user: user_id(random.below(size.users))?, items, expected_total: None };
        flying.keep(shop.submit(Submission::new(place).at(at)))?;
        if random.below(100) == 0 {
            let cancel = order::Cancel { order: number.cast_signed().try_into()?, reason: None };
            cancelled.keep(shop.submit(Submission::new(cancel).at(at)))?;
        }
    }
    flying.land()?;
    cancelled.land()
}

/// Submitted operations that were not waited for yet.
struct Flying<R: Receive>(VecDeque<Ticket<R>>);

impl<R: Receive> Default for Flying<R> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<R: Receive> Flying<R> {
    fn keep(&mut self, ticket: Ticket<R>) -> Result<()> {
        self.0.push_back(ticket);
        if self.0.len() >= FLYING {
            self.0.pop_front().map(Ticket::wait).transpose()?;
        }
        Ok(())
    }

    fn land(self) -> Result<()> {
        self.0.into_iter().try_for_each(|ticket| ticket.wait().map(drop))?;
        Ok(())
    }
}

fn user_id(number: u64) -> Result<UserId> {
    Ok(UserId::try_from(format!("user-{number}"))?)
}

fn product_id(number: u64) -> Result<ProductId> {
    Ok(ProductId::try_from(format!("product-{number}"))?)
}

/// A small random number generator (xorshift64).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
