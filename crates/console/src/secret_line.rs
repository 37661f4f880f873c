//! Reads a secret from standard input: the first line, with a prompt and without echo on a
//! terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Maximum length of the line in bytes, without the line break. Far longer than any secret the
/// gateway accepts.
const LINE_BYTES_MAX: usize = 4096;

/// Reasons why no secret was read. Each message is a line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SecretLineError {
    #[error("standard input is empty; it must contain a secret")]
    Empty,
    #[error("the first line of standard input must be at most {LINE_BYTES_MAX} bytes long")]
    TooLong,
    #[error("the first line of standard input must be UTF-8 text")]
    NotText,
    #[error("the two entries differ")]
    Differ,
    #[error("standard input cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Reads the first line of standard input, without the line break. On a terminal it prompts for
/// `name` twice, because the input is invisible.
pub fn read(name: &str) -> Result<SecretString, SecretLineError> {
    // Bypasses `std::io::stdin`, whose buffer would retain the secret.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    if !input.is_terminal() {
        return first_line(&mut input);
    }
    let _silence = Silence::begin(input.as_fd().try_clone_to_owned()?)?;
    let typed = ask(name, &mut input)?;
    let again = ask(&format!("{name} again"), &mut input)?;
    if typed.expose_secret() != again.expose_secret() {
        return Err(SecretLineError::Differ);
    }
    Ok(typed)
}

fn ask(name: &str, input: &mut impl Read) -> Result<SecretString, SecretLineError> {
    crate::prompt(format_args!("{name}: "));
    let line = first_line(input);
    // The line break was not echoed either.
    crate::prompt("\n");
    line
}

fn first_line(input: &mut impl Read) -> Result<SecretString, SecretLineError> {
    // Allocated in full, because a growing buffer leaves copies of the secret behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_BYTES_MAX + 2));
    loop {
        let mut byte = Zeroizing::new([0]);
        let end = match input.read(&mut byte[..]) {
            Ok(count) => count == 0 || byte[0] == b'\n',
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if end {
            break;
        }
        // One byte more, because the last may be the `\r` of the line break.
        if line.len() > LINE_BYTES_MAX {
            return Err(SecretLineError::TooLong);
        }
        line.push(byte[0]);
    }
    let line = line.strip_suffix(b"\r").unwrap_or(&line);
    match line.len() {
        0 => Err(SecretLineError::Empty),
        1..=LINE_BYTES_MAX => match std::str::from_utf8(line) {
            Ok(text) => Ok(SecretString::from(text)),
            Err(_) => Err(SecretLineError::NotText),
        },
        _ => Err(SecretLineError::TooLong),
    }
}

/// Disables the terminal's echo until it is dropped.
struct Silence {
    terminal: OwnedFd,
    before: Termios,
}

impl Silence {
    fn begin(terminal: OwnedFd) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // Input typed before this point was visible, so it is discarded.
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(input: &[u8]) -> Result<String, SecretLineError> {
        let mut input = input;
        first_line(&mut input).map(|line| line.expose_secret().to_owned())
    }

    #[test]
    fn the_first_line_is_read_without_its_end() {
        for input in [
            "a secret",
            "a secret\n",
            "a secret\r\n",
            "a secret\nand more\n",
        ] {
            assert_eq!(line(input.as_bytes()).unwrap(), "a secret", "{input:?}");
        }
        assert_eq!(
            line(b" spaces belong to it \n").unwrap(),
            " spaces belong to it "
        );
        assert_eq!(line("pässwörd\r\r\n".as_bytes()).unwrap(), "pässwörd\r");
    }

    #[test]
    fn what_follows_the_line_is_left_to_be_read() {
        let mut input: &[u8] = b"first\nsecond\n";
        assert_eq!(first_line(&mut input).unwrap().expose_secret(), "first");
        assert_eq!(first_line(&mut input).unwrap().expose_secret(), "second");
    }

    #[test]
    fn nothing_too_much_and_no_text_are_refused() {
        for empty in ["", "\n", "\r\n", "\nlate\n"] {
            assert!(
                matches!(line(empty.as_bytes()), Err(SecretLineError::Empty)),
                "{empty:?}"
            );
        }
        let longest = "x".repeat(LINE_BYTES_MAX);
        for end in ["", "\n", "\r\n"] {
            assert_eq!(line((longest.clone() + end).as_bytes()).unwrap(), longest);
            let longer = format!("x{longest}{end}");
            let refused = line(longer.as_bytes());
            assert!(matches!(refused, Err(SecretLineError::TooLong)), "{end:?}");
        }
        assert!(matches!(line(b"\xff\n"), Err(SecretLineError::NotText)));
    }
}
