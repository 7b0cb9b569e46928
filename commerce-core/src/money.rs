//! Money, stock and quantities: integers that stay exact in every JSON reader, and the currencies
//! that say where the decimal point stands.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest amount, price, total, balance or stock: 2^53 - 1, exact in every JSON reader
/// (the interoperable range of RFC 8259, section 6).
pub const LIMIT: i64 = (1 << 53) - 1;

/// Money in the currency's minor unit, 0 to [`LIMIT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Amount(i64);

impl Amount {
    /// No money at all.
    pub const ZERO: Self = Self(0);

    /// The amount, or nothing when it is negative or past [`LIMIT`].
    pub fn new(minor: i64) -> Option<Self> {
        (0..=LIMIT).contains(&minor).then_some(Self(minor))
    }

    /// The number of minor units.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, or nothing when it would pass [`LIMIT`].
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0)
    }

    /// The difference, or nothing when it would pass below 0.
    pub fn minus(self, other: Self) -> Option<Self> {
        Self::new(self.0 - other.0)
    }

    /// The price of `quantity` units, or nothing when it would pass [`LIMIT`].
    pub fn times(self, quantity: Quantity) -> Option<Self> {
        self.0.checked_mul(quantity.get()).and_then(Self::new)
    }
}

impl TryFrom<i64> for Amount {
    type Error = String;

    fn try_from(minor: i64) -> Result<Self, String> {
        Self::new(minor).ok_or_else(|| format!("must be 0 to {LIMIT}, got {minor}"))
    }
}

impl From<Amount> for i64 {
    fn from(amount: Amount) -> i64 {
        amount.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Units of one product in an order or cart line, 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(u32);

impl Quantity {
    /// The most units of one product in one order or cart.
    pub const MAX: i64 = 1_000_000;

    /// The quantity, or nothing when it is outside 1 to 1,000,000.
    pub fn new(units: i64) -> Option<Self> {
        u32::try_from(units).ok().filter(|&units| units >= 1 && i64::from(units) <= Self::MAX).map(Self)
    }

    /// The number of units.
    pub fn get(self) -> i64 {
        self.0.into()
    }

    /// The sum, or nothing when it would pass [`Quantity::MAX`].
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::new(self.get() + other.get())
    }
}

impl TryFrom<i64> for Quantity {
    type Error = String;

    fn try_from(units: i64) -> Result<Self, String> {
        Self::new(units).ok_or_else(|| format!("must be 1 to {}, got {units}", Self::MAX))
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> i64 {
        quantity.get()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Units of a product that can be sold now, 0 to [`LIMIT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Stock(i64);

impl Stock {
    /// The stock, or nothing when it is negative or past [`LIMIT`].
    pub fn new(units: i64) -> Option<Self> {
        (0..=LIMIT).contains(&units).then_some(Self(units))
    }

    /// The number of units.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The stock after `delta` units came or went, or nothing when that is not 0 to [`LIMIT`].
    pub fn adjusted(self, delta: i64) -> Option<Self> {
        self.0.checked_add(delta).and_then(Self::new)
    }
}

impl TryFrom<i64> for Stock {
    type Error = String;

    fn try_from(units: i64) -> Result<Self, String> {
        Self::new(units).ok_or_else(|| format!("must be 0 to {LIMIT}, got {units}"))
    }
}

impl From<Stock> for i64 {
    fn from(stock: Stock) -> i64 {
        stock.0
    }
}

impl fmt::Display for Stock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An ISO 4217 currency, chosen once for a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

impl Currency {
    /// The currency of a code such as `KRW`, or nothing when ISO 4217 has no such active code.
    pub fn new(code: &str) -> Option<Self> {
        GROUPS.iter().find_map(|&(exponent, codes)| {
            let code = codes.split(' ').find(|&known| known == code)?;
            Some(Self { code, exponent })
        })
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// How many decimal digits the minor unit has.
    pub fn exponent(self) -> u8 {
        self.exponent
    }

    /// Minor units as people write them: `1250` is `12.50` in USD and `1250` in KRW.
    pub fn show(self, minor: i64) -> String {
        if self.exponent == 0 {
            return minor.to_string();
        }
        let unit = 10_u64.pow(self.exponent.into());
        let (whole, part) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
        let sign = if minor < 0 { "-" } else { "" };
        format!("{sign}{whole}.{part:0width$}", width = usize::from(self.exponent))
    }

    /// Reads an amount as people write it, in at most the currency's number of decimals.
    ///
    /// # Errors
    /// A sentence when `text` is no such number or passes [`LIMIT`].
    pub fn read(self, text: &str) -> Result<Amount, String> {
        let wrong = || {
            let example = self.show(1250);
            format!("must be an amount in {} such as {example}, got {}", self.code, crate::id::quoted(text))
        };
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |t: &str| t.bytes().all(|c| c.is_ascii_digit());
        let pointless = text.ends_with('.') || part.len() > self.exponent.into();
        if whole.is_empty() || whole.len() > 16 || !digits(whole) || !digits(part) || pointless {
            return Err(wrong());
        }
        let padded = format!("{whole}{part:0<width$}", width = usize::from(self.exponent));
        padded
            .parse()
            .ok()
            .and_then(Amount::new)
            .ok_or_else(|| format!("must be at most {}, got {}", self.show(LIMIT), crate::id::quoted(text)))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// Active codes by exponent. Source: ISO 4217, list one (funds, metals and testing codes left out).
const GROUPS: [(u8, &str); 4] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY \
         COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF \
         IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR \
         MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG \
         SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES \
         WST XCD XCG YER ZAR ZMW ZWG",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_the_limit() {
        let top = Amount::new(LIMIT).unwrap();
        assert_eq!(top.plus(Amount::new(1).unwrap()), None);
        assert_eq!(top.times(Quantity::new(1_000_000).unwrap()), None);
        assert_eq!(Amount::ZERO.minus(Amount::new(1).unwrap()), None);
        assert_eq!(Amount::new(LIMIT + 1), None);
        assert_eq!(Stock::new(3).unwrap().adjusted(-4), None);
        assert_eq!(Stock::new(3).unwrap().adjusted(i64::MAX), None);
        assert_eq!(Quantity::new(0), None);
        assert_eq!(Quantity::new(Quantity::MAX + 1), None);
    }

    #[test]
    fn amounts_read_as_they_are_shown() {
        for (code, text, minor) in [
            ("KRW", "1250", 1250),
            ("USD", "12.50", 1250),
            ("USD", "12.5", 1250),
            ("USD", "12", 1200),
            ("KWD", "0.001", 1),
            ("USD", "90071992547409.91", LIMIT),
        ] {
            assert_eq!(Currency::new(code).unwrap().read(text).map(Amount::get), Ok(minor), "{code} {text}");
        }
        for (code, text) in [
            ("KRW", "12.50"),
            ("KRW", "-1"),
            ("USD", "12.505"),
            ("USD", ""),
            ("USD", "."),
            ("USD", "1."),
            ("USD", ".5"),
            ("USD", "1e3"),
            ("USD", "+1"),
            ("USD", "90071992547409.92"),
            ("KRW", "99999999999999999999"),
        ] {
            assert!(Currency::new(code).unwrap().read(text).is_err(), "{code} {text}");
        }
        assert_eq!(Currency::new("USD").unwrap().show(-5), "-0.05");
    }

    #[test]
    fn unknown_currencies_are_none() {
        assert!(Currency::new("XXX").is_none());
        assert!(Currency::new("krw").is_none());
        assert!(Currency::new("").is_none());
    }
}
