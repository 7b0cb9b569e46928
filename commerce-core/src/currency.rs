//! Currencies, which say where the decimal point of an amount is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::money::{Amount, LIMIT};
use crate::text::{ValueError, quoted};

/// A currency of ISO 4217, made from its code by [`FromStr`]. A store has one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

impl Currency {
    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// How many decimal places the minor unit has: 2 in USD, 0 in KRW.
    pub fn exponent(self) -> u8 {
        self.exponent
    }

    /// An amount as people write it: 1250 minor units are `12.50` in USD and `1250` in KRW.
    pub fn format_amount(self, minor: i64) -> String {
        if self.exponent == 0 {
            return minor.to_string();
        }
        let unit = 10_u64.pow(self.exponent.into());
        let (whole, fraction) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
        let sign = if minor < 0 { "-" } else { "" };
        format!("{sign}{whole}.{fraction:0width$}", width = usize::from(self.exponent))
    }

    /// Reads an amount as people write it, with at most as many decimals as the currency has.
    ///
    /// # Errors
    /// [`ValueError`] for other text, and for more than [`LIMIT`] minor units.
    pub fn parse_amount(self, text: &str) -> Result<Amount, ValueError> {
        let invalid = || {
            let example = self.format_amount(1250);
            ValueError::new(format!(
                "must be an amount in {} such as {example}, got {}",
                self.code,
                quoted(text)
            ))
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |t: &str| t.bytes().all(|c| c.is_ascii_digit());
        let bad_fraction = text.ends_with('.') || fraction.len() > self.exponent.into();
        if whole.is_empty() || whole.len() > 16 || !digits(whole) || !digits(fraction) || bad_fraction {
            return Err(invalid());
        }
        let padded = format!("{whole}{fraction:0<width$}", width = usize::from(self.exponent));
        let too_large = |_| {
            ValueError::new(format!("must be at most {}, got {}", self.format_amount(LIMIT), quoted(text)))
        };
        // With at most 16 digits before the point and 4 behind it, only an amount over the limit fails here.
        padded.parse::<i64>().map_err(|_| too_large(()))?.try_into().map_err(|_: ValueError| too_large(()))
    }
}

impl FromStr for Currency {
    type Err = ValueError;

    fn from_str(code: &str) -> Result<Self, ValueError> {
        let known = GROUPS.iter().find_map(|&(exponent, codes)| {
            let code = codes.split(' ').find(|&known| known == code)?;
            Some(Self { code, exponent })
        });
        known.ok_or_else(|| {
            ValueError::new(format!("must be an ISO 4217 currency code such as KRW, got {}", quoted(code)))
        })
    }
}

impl TryFrom<&str> for Currency {
    type Error = ValueError;

    fn try_from(code: &str) -> Result<Self, ValueError> {
        code.parse()
    }
}

impl TryFrom<String> for Currency {
    type Error = ValueError;

    fn try_from(code: String) -> Result<Self, ValueError> {
        code.parse()
    }
}

/// The code.
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
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

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
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
            assert_eq!(currency(code).parse_amount(text).map(Amount::get), Ok(minor), "{code} {text}");
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
            assert!(currency(code).parse_amount(text).is_err(), "{code} {text}");
        }
        assert_eq!(currency("USD").format_amount(-5), "-0.05");
    }

    #[test]
    fn unknown_codes_are_refused() {
        for code in ["XXX", "krw", ""] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }
}
