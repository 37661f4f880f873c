//! The calls of tokens within transactions of Ethereum: ERC-20, ERC-721 and ERC-1155, as the contract ABI encodes them.
//!
//! Such a transaction moves no ether, so what it does is in its data alone.

use gaiterguard_judge::Role;

use crate::words::is_in;

/// Shown for an allowance that is larger than any supply.
const UNLIMITED: &str = "an unlimited amount";

/// The digits of a word of the ABI, and those of an address in it.
const WORD_DIGITS: usize = 64;
const ADDRESS_DIGITS: usize = 40;

/// The digits of a function at the beginning of the data.
const SELECTOR_DIGITS: usize = 8;

/// An argument of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Address,
    Amount,
    Token,
    Switch,
}

use Kind::{Address, Amount, Switch, Token};

/// A function that is read: its selector, its name, and its arguments.
type Function = (&'static str, &'static str, &'static [(&'static str, Kind)]);

const FUNCTIONS: &[Function] = &[
    (
        "095ea7b3",
        "approve",
        &[("spender", Address), ("allowance", Amount)],
    ),
    (
        "39509351",
        "increaseAllowance",
        &[("spender", Address), ("allowance", Amount)],
    ),
    (
        "a9059cbb",
        "transfer",
        &[("recipient", Address), ("amount", Amount)],
    ),
    (
        "23b872dd",
        "transferFrom",
        &[
            ("sender", Address),
            ("recipient", Address),
            ("amount", Amount),
        ],
    ),
    (
        "42842e0e",
        "safeTransferFrom",
        &[
            ("sender", Address),
            ("recipient", Address),
            ("token id", Token),
        ],
    ),
    (
        "a22cb465",
        "setApprovalForAll",
        &[("operator", Address), ("approved", Switch)],
    ),
    ("f2fde38b", "transferOwnership", &[("new owner", Address)]),
];

/// A call of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenCall {
    /// The function.
    pub(crate) function: &'static str,
    /// Its arguments with their names and roles.
    pub(crate) arguments: Vec<(&'static str, Role, String)>,
    /// The location of the data.
    pub(crate) location: String,
}

impl TokenCall {
    /// Whether the sentence of the call has the value at a location: an argument, or the token or the account next to them.
    pub(crate) fn says(&self, location: &str) -> bool {
        let parent = |location: &str| location.rsplit_once('/').map(|(parent, _)| parent.len());
        let is_beside = parent(&self.location) == parent(location)
            && location
                .rsplit('/')
                .next()
                .is_some_and(|own| is_in("from to", own));
        self.location == location || is_beside
    }
}

/// Reads the data of a transaction; `None` if it is not the call of a known function.
pub(crate) fn of(name: &str, location: &str, text: &str) -> Option<TokenCall> {
    let digits = text.trim().strip_prefix("0x")?;
    let is_data = is_in("calldata data input", &name.to_ascii_lowercase());
    if !is_data || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let selector = digits.get(..SELECTOR_DIGITS)?.to_ascii_lowercase();
    let (_, function, kinds) = FUNCTIONS.iter().find(|(known, _, _)| *known == selector)?;
    let words = &digits[SELECTOR_DIGITS..];
    if words.len() != kinds.len() * WORD_DIGITS {
        return None;
    }
    let arguments = kinds.iter().enumerate().map(|(number, (name, kind))| {
        let word = &words[number * WORD_DIGITS..(number + 1) * WORD_DIGITS];
        Some((*name, role_of(name, *kind), written(word, *kind)?))
    });
    Some(TokenCall {
        function,
        arguments: arguments.collect::<Option<_>>()?,
        location: location.to_owned(),
    })
}

fn role_of(name: &str, kind: Kind) -> Role {
    match kind {
        Address if name == "sender" => Role::Account,
        Address => Role::Recipient,
        Amount => Role::Quantity,
        Token => Role::Identifier,
        Switch => Role::None,
    }
}

fn written(word: &str, kind: Kind) -> Option<String> {
    /// Any supply of a token in its smallest unit is smaller.
    const SUPPLY_MAX: u128 = 1 << 120;
    let number = || {
        let (high, low) = word.split_at(WORD_DIGITS / 2);
        let is_small = high.bytes().all(|byte| byte == b'0');
        u128::from_str_radix(low, 16).ok().filter(|_| is_small)
    };
    match kind {
        Address => {
            let (before, address) = word.split_at(WORD_DIGITS - ADDRESS_DIGITS);
            let is_one = before.bytes().all(|byte| byte == b'0');
            is_one.then(|| format!("0x{address}"))
        }
        Amount => Some(match number().filter(|number| *number < SUPPLY_MAX) {
            Some(number) => format!("{number} smallest units"),
            None => UNLIMITED.to_owned(),
        }),
        Token => Some(number().map_or_else(|| format!("0x{word}"), |number| number.to_string())),
        Switch => match number() {
            Some(0) => Some("false".to_owned()),
            Some(1) => Some("true".to_owned()),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "00000000000000000000000011aa22bb33cc44dd55ee66ff7788990011223344";

    #[test]
    fn the_call_of_a_token_is_read_with_its_arguments() {
        let of = |data: &str| {
            let call = of("data", "body/data", data)?;
            let arguments = call
                .arguments
                .iter()
                .map(|(name, _, text)| format!("{name} {text}"));
            Some((call.function, arguments.collect::<Vec<_>>().join(", ")))
        };
        let most = "f".repeat(64);
        let some = format!("{:0>64}", "1dcd6500");
        for (data, expected) in [
            (
                format!("0x095ea7b3{ADDRESS}{most}"),
                Some((
                    "approve",
                    "spender 0x11aa22bb33cc44dd55ee66ff7788990011223344, allowance an unlimited amount",
                )),
            ),
            (
                format!("0xA9059CBB{ADDRESS}{some}"),
                Some((
                    "transfer",
                    "recipient 0x11aa22bb33cc44dd55ee66ff7788990011223344, amount 500000000 smallest units",
                )),
            ),
            (format!("0x095ea7b3{ADDRESS}"), None),
            (format!("0x095ea7b3{most}{most}"), None),
            ("0xdeadbeef".to_owned(), None),
            ("0x".to_owned(), None),
        ] {
            let expected = expected.map(|(name, text)| (name, text.to_owned()));
            assert_eq!(of(&data), expected, "{data}");
        }
    }
}
