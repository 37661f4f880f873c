//! Which telling signs a text has. Texts are mostly short, and asked several things.

/// The signs of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks(u8);

const AT: u8 = 1;
const COLON: u8 = 1 << 1;
const DOT: u8 = 1 << 2;
const DIGIT: u8 = 1 << 3;
const OTHER_THAN_CAPITAL: u8 = 1 << 4;

/// The signs that each byte stands for.
const OF_BYTE: [u8; 256] = {
    let mut of_byte = [OTHER_THAN_CAPITAL; 256];
    let mut byte = b'A';
    while byte <= b'Z' {
        of_byte[byte as usize] = 0;
        byte += 1;
    }
    let mut digit = b'0';
    while digit <= b'9' {
        of_byte[digit as usize] |= DIGIT;
        digit += 1;
    }
    of_byte[b'@' as usize] |= AT;
    of_byte[b':' as usize] |= COLON;
    of_byte[b'.' as usize] |= DOT;
    of_byte
};

impl Marks {
    pub(crate) fn of(text: &str) -> Self {
        let signs = text
            .bytes()
            .fold(0, |signs, byte| signs | OF_BYTE[usize::from(byte)]);
        Self(signs)
    }

    pub(crate) fn has_at(self) -> bool {
        self.0 & AT != 0
    }

    pub(crate) fn has_digit(self) -> bool {
        self.0 & DIGIT != 0
    }

    /// Whether it may hold an address on the web, which has a colon or a full stop.
    pub(crate) fn may_have_host(self) -> bool {
        self.0 & (COLON | DOT) != 0
    }

    /// Whether there is nothing but capitals A to Z.
    pub(crate) fn is_capitals(self) -> bool {
        self.0 & OTHER_THAN_CAPITAL == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_signs_that_stand_in_it() {
        let marks = Marks::of("ann@x.example 7");
        assert!(marks.has_at() && marks.has_digit());
        assert!(marks.may_have_host() && !marks.is_capitals());
        let marks = Marks::of("ORDER");
        assert!(marks.is_capitals() && !marks.has_at() && !marks.may_have_host());
        assert!(!Marks::of("\u{c4}RGER").is_capitals());
    }
}
