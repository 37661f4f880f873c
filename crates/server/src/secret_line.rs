//! A secret from standard input: the first line, asked for without echo if a human types it.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::console;

/// The longest line that is read, without its end; no secret of ours is longer.
const LINE_BYTES_MAX: usize = 4096;

/// Why there is no secret. Each text is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretLineError {
    #[error("nothing came on standard input, where a secret is expected")]
    Empty,
    #[error("the first line of standard input is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    #[error("the first line of standard input is not UTF-8 text")]
    NotText,
    #[error("the two lines that were typed differ")]
    Differ,
    #[error("standard input cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Reads the first line of standard input, without its end. If it is a terminal, `name` is asked
/// for twice, because nobody sees what is typed.
pub(crate) fn read(name: &str) -> Result<SecretString, SecretLineError> {
    // Not through the buffer of `std::io::stdin`, which would keep the secret.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    if !input.is_terminal() {
        return first_line(&mut input);
    }
    let _silence = Silence::fall(input.as_fd().try_clone_to_owned()?)?;
    let typed = ask(name, &mut input)?;
    let again = ask(&format!("{name} again"), &mut input)?;
    if typed.expose_secret() != again.expose_secret() {
        return Err(SecretLineError::Differ);
    }
    Ok(typed)
}

fn ask(name: &str, input: &mut impl Read) -> Result<SecretString, SecretLineError> {
    console::prompt(format_args!("{name}: "));
    let line = first_line(input);
    // The end of the line was not echoed either.
    console::prompt("\n");
    line
}

fn first_line(input: &mut impl Read) -> Result<SecretString, SecretLineError> {
    // Room for all of it at once: a buffer that grows leaves copies behind.
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
        // One more than the longest line is taken, since that may be the `\r` of its end.
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

/// A terminal that does not show what is typed until this is dropped.
struct Silence {
    terminal: OwnedFd,
    before: Termios,
}

impl Silence {
    fn fall(terminal: OwnedFd) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // What was typed ahead was shown, so it is thrown away.
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to give back.
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
