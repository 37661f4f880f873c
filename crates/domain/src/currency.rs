//! Currencies and how many decimals their amounts have (ISO 4217).

/// Currencies in circulation whose smallest unit is a hundredth.
const HUNDREDTHS: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN \
     BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD \
     HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU \
     MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK \
     SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG \
     YER ZAR ZMW ZWG";

/// Currencies without a smaller unit. ISK and UGX are left out, because some payment providers give their amounts
/// in hundredths.
const WHOLE: &str = "BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF";

/// Currencies whose smallest unit is a thousandth.
const THOUSANDTHS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// Returns how many decimals an amount in units of a currency has, by its code in either case. `None` if the code
/// is unknown, or if providers differ.
pub fn decimals(code: &str) -> Option<u32> {
    let code = code.to_ascii_uppercase();
    [(HUNDREDTHS, 2), (WHOLE, 0), (THOUSANDTHS, 3)]
        .into_iter()
        .find(|(codes, _)| codes.split_whitespace().any(|known| known == code))
        .map(|(_, decimals)| decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_has_the_decimals_of_its_smallest_unit() {
        for (code, expected) in [
            ("USD", Some(2)),
            ("eur", Some(2)),
            ("jpy", Some(0)),
            ("KWD", Some(3)),
            ("ISK", None),
            ("USDX", None),
            ("US", None),
            ("", None),
        ] {
            assert_eq!(decimals(code), expected, "{code}");
        }
    }
}
