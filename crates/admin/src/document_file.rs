//! Reads checkpoints and proofs from a file or from standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use gaiterguard_evidence::NotADocument;

use crate::error::CommandError;

/// The length limit of a document. A proof with the most links that one may have is 14 MB long.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;

/// Reads a document. The path `-` is standard input.
pub(crate) fn read<T>(
    path: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, NotADocument>,
) -> Result<T, CommandError> {
    let text = read_bytes(path).map_err(|error| CommandError::Document {
        path: path.to_owned(),
        error,
    })?;
    Ok(parse(&text)?)
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let limit = DOCUMENT_BYTES_MAX + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut text)?;
    } else {
        File::open(path)?.take(limit).read_to_end(&mut text)?;
    }
    if text.len() as u64 >= limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is longer than {DOCUMENT_BYTES_MAX} bytes"),
        ));
    }
    Ok(text)
}
