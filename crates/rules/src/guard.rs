//! Rejects a text that would take the parser too deep, before it is parsed.

use gaiterguard_domain::invisible::is_deceptive;

use crate::condition_error::ConditionError;

/// The longest condition, in bytes. A longer one cannot be reviewed; a list of values belongs into several rules.
pub const CONDITION_BYTES_MAX: usize = 4096;

/// The deepest nesting of brackets and `? :`. The parser is recursive and applies the limit as well; conditions
/// that people write nest three or four deep.
pub const NESTING_MAX: u16 = 24;

/// The most operators, fields and calls that may rest on one another, as in `a.b.c + 1 > 2`. Each is a level of the
/// parser's recursion.
pub const CHAIN_MAX: u32 = 64;

/// The open brackets and quotes at a position of the text.
#[derive(Clone, Copy, Default)]
struct Frame {
    choices: u32,
    /// How many links the present operand of `&&`, `||`, `? :` or a comma has.
    chain: u32,
    /// The longest chain of the operands before it.
    longest: u32,
}

impl Frame {
    fn next_operand(&mut self) {
        self.longest = self.longest.max(self.chain);
        self.chain = 0;
    }
}

/// Refuses what is too long, too deep or too much in a row.
pub(crate) fn check(text: &str) -> Result<(), ConditionError> {
    if text.len() > CONDITION_BYTES_MAX {
        let message = format!(
            "a condition may have at most {CONDITION_BYTES_MAX} bytes, and this one is longer"
        );
        return Err(ConditionError::at(text, CONDITION_BYTES_MAX, message));
    }
    if text.trim().is_empty() {
        return Err(ConditionError::at(
            text,
            0,
            "expected an expression, and this is empty",
        ));
    }
    if let Some((offset, hidden)) = text
        .char_indices()
        .find(|(_, c)| is_deceptive(*c) && !matches!(c, '\n' | '\r' | '\t'))
    {
        let message = format!(
            "a condition cannot contain invisible characters: expected \\u{:04x} within a string",
            u32::from(hidden)
        );
        return Err(ConditionError::at(text, offset, message));
    }
    Guard::new(text).run()
}

struct Guard<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    frames: Vec<Frame>,
}

impl<'t> Guard<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            frames: vec![Frame::default()],
        }
    }

    fn run(mut self) -> Result<(), ConditionError> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' | b'\'' => self.skip_text(false),
                b'`' => self.skip_name()?,
                b'/' if self.next() == Some(b'/') => self.skip_line(),
                b'(' | b'[' | b'{' => self.open()?,
                b')' | b']' | b'}' => self.close()?,
                b'&' | b'|' | b',' | b':' => self.top().next_operand(),
                b'?' => self.choice()?,
                b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'!' | b'.' => {
                    self.link()?;
                }
                b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                    self.word()?;
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        Ok(())
    }

    fn next(&self) -> Option<u8> {
        self.bytes.get(self.at + 1).copied()
    }

    /// The frame of the innermost bracket. The outermost one is never closed.
    fn top(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn open(&mut self) -> Result<(), ConditionError> {
        self.frames.push(Frame::default());
        self.check_depth()
    }

    fn close(&mut self) -> Result<(), ConditionError> {
        if self.frames.len() > 1
            && let Some(inner) = self.frames.pop()
        {
            self.top().chain += inner.chain.max(inner.longest);
        }
        self.link()
    }

    fn choice(&mut self) -> Result<(), ConditionError> {
        self.top().next_operand();
        self.top().choices += 1;
        self.check_depth()
    }

    fn link(&mut self) -> Result<(), ConditionError> {
        self.top().chain += 1;
        if self.top().chain > CHAIN_MAX {
            return Err(self.refuse(format!(
                "at most {CHAIN_MAX} operators, fields and calls may rest on one another: \
                 expected && or || before this one"
            )));
        }
        Ok(())
    }

    fn check_depth(&self) -> Result<(), ConditionError> {
        let choices: u32 = self.frames.iter().map(|frame| frame.choices).sum();
        let brackets = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        if brackets.saturating_add(choices) > u32::from(NESTING_MAX) + 1 {
            return Err(self.refuse(format!(
                "a condition may nest at most {NESTING_MAX} levels, and this one nests deeper"
            )));
        }
        Ok(())
    }

    fn refuse(&self, message: String) -> ConditionError {
        ConditionError::at(self.text, self.at, message)
    }

    fn word(&mut self) -> Result<(), ConditionError> {
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        if word == "in" {
            self.link()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'"' | b'\'')) {
            self.skip_text(word.bytes().any(|b| b.eq_ignore_ascii_case(&b'r')));
            self.at += 1;
        }
        Ok(())
    }

    /// Goes to the end of a name in backquotes, in which `//` does not begin a comment.
    fn skip_name(&mut self) -> Result<(), ConditionError> {
        let is_in_name = |b: &&u8| b.is_ascii_alphanumeric() || b"_.-/ ".contains(*b);
        let inside = self.bytes[self.at + 1..].iter();
        let end = self.at + 1 + inside.take_while(is_in_name).count();
        if self.bytes.get(end) != Some(&b'`') {
            return Err(self.refuse(
                "a name between backquotes may have letters, digits, spaces and any of _ . - / : \
                 expected ` after it"
                    .to_owned(),
            ));
        }
        self.at = end;
        Ok(())
    }

    fn skip_line(&mut self) {
        while self.bytes.get(self.at).is_some_and(|b| *b != b'\n') {
            self.at += 1;
        }
    }

    /// Goes to the last quote of a text; to the end where it is not closed, which the parser says.
    fn skip_text(&mut self, is_raw: bool) {
        let quote = self.bytes[self.at];
        let triple = [quote; 3];
        let is_triple = self.bytes[self.at..].starts_with(&triple);
        self.at += if is_triple { 3 } else { 1 };
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'\\' && !is_raw {
                self.at += 1;
            } else if is_triple && self.bytes[self.at..].starts_with(&triple) {
                self.at += 2;
                return;
            } else if !is_triple && byte == quote {
                return;
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_deep_too_long_or_too_much_in_a_row_is_refused() {
        let nested = |n: usize| format!("{}true{}", "(".repeat(n), ")".repeat(n));
        assert!(check(&nested(24)).is_ok());
        assert!(check(&nested(25)).is_err());
        assert!(check(&"true ? true : ".repeat(25)).is_err());
        assert!(check(&format!("1{} > 0", "+1".repeat(65))).is_err());
        assert!(check(&format!("{}true", "!".repeat(65))).is_err());
        assert!(check(&format!("a{}", ".b".repeat(65))).is_err());
        assert!(check(&format!("a{}", "[1]".repeat(65))).is_err());
        assert!(check(&format!("1{}", " in a".repeat(65))).is_err());
        let left = format!("{}1{} > 0", "(".repeat(20), "+1+1+1)".repeat(20));
        assert!(check(&left).is_err());
        let hidden = format!("{}1{}", "(".repeat(20), "+1+1+1 > 0 && true)".repeat(20));
        assert!(check(&hidden).is_err());
        assert!(check(&" ".repeat(4097)).is_err());
        assert!(check(" \n").is_err());
    }

    #[test]
    fn a_name_in_backquotes_begins_no_comment() {
        let hidden = format!("request.body.`a//b` == 1{}", "+1".repeat(65));
        assert!(check(&hidden).is_err());
        assert!(check("request.body.`a//b` == request.body.`c d`").is_ok());
        for open in ["request.body.`a", "request.body.`a(`", "`"] {
            assert!(check(open).is_err(), "{open}");
        }
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        let many = "(".repeat(100);
        for text in [
            format!("\"{many}\" == 'x'"),
            format!("'''{many}' ''' == 'x'"),
            format!("r'\\' == '{many}'"),
            format!("'\\'{many}' == 'x'"),
            format!("true // {many}\n && true"),
        ] {
            assert!(check(&text).is_ok(), "{text}");
        }
        let long = vec!["request.path == \"/a\""; 100].join(" || ");
        assert!(check(&long).is_ok());
    }
}
