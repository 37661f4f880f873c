//! Scans a chunked body to its end, strictly, so that the guard knows where the next request begins.
//! It does not decode the bytes; hyper does.

use super::field::{is_name_byte, is_value_byte};
use super::{CHUNK_EXTRA_BYTES_MAX, FramingError};

/// Fifteen hexadecimal digits always fit into 64 bits.
const SIZE_DIGITS_MAX: u8 = 15;

/// The position in a chunked body.
#[derive(Debug, Clone, Default)]
pub struct ChunkedScan {
    place: Place,
    /// The number of bytes of chunk extensions and trailers so far.
    extra_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Size { size: u64, digits: u8 },
    Extension { size: u64 },
    SizeLf { size: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
}

const SIZE_START: Place = Place::Size { size: 0, digits: 0 };

impl Default for Place {
    fn default() -> Self {
        SIZE_START
    }
}

impl ChunkedScan {
    /// Starts at the first chunk of a body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether the body has ended.
    pub fn is_done(&self) -> bool {
        self.place == Place::Done
    }

    /// Scans `bytes` and returns how many of them belong to the body: all of them, unless the body ends
    /// earlier.
    ///
    /// # Errors
    ///
    /// [`FramingError::Chunk`] or [`FramingError::ChunkExtra`], after which the scan cannot continue.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<usize, FramingError> {
        let mut at = 0;
        while at < bytes.len() && !self.is_done() {
            if let Place::Data { left } = &mut self.place {
                let step = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len() - at);
                *left -= step as u64;
                at += step;
                if *left == 0 {
                    self.place = Place::DataCr;
                }
            } else {
                self.place = self.step(bytes[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn step(&mut self, byte: u8) -> Result<Place, FramingError> {
        let next = match (self.place, byte) {
            (Place::Size { size, digits }, _) if byte.is_ascii_hexdigit() => {
                if digits == SIZE_DIGITS_MAX {
                    return Err(FramingError::Chunk);
                }
                let digit = (byte as char).to_digit(16).unwrap_or_default();
                Place::Size {
                    size: size << 4 | u64::from(digit),
                    digits: digits + 1,
                }
            }
            (Place::Size { size, digits: 1.. }, b';') => Place::Extension { size },
            (Place::Size { size, digits: 1.. } | Place::Extension { size }, b'\r') => {
                Place::SizeLf { size }
            }
            (Place::Extension { size }, _) if is_value_byte(byte) => {
                self.count_extra()?;
                Place::Extension { size }
            }
            (Place::SizeLf { size: 0 } | Place::TrailerLf, b'\n') => Place::TrailerStart,
            (Place::SizeLf { size }, b'\n') => Place::Data { left: size },
            (Place::DataCr, b'\r') => Place::DataLf,
            (Place::DataLf, b'\n') => SIZE_START,
            (Place::TrailerStart, b'\r') => Place::EndLf,
            (Place::TrailerStart | Place::TrailerName, _) if is_name_byte(byte) => {
                self.count_extra()?;
                Place::TrailerName
            }
            (Place::TrailerName, b':') => Place::TrailerValue,
            (Place::TrailerValue, b'\r') => Place::TrailerLf,
            (Place::TrailerValue, _) if is_value_byte(byte) => {
                self.count_extra()?;
                Place::TrailerValue
            }
            (Place::EndLf, b'\n') => Place::Done,
            _ => return Err(FramingError::Chunk),
        };
        Ok(next)
    }

    fn count_extra(&mut self) -> Result<(), FramingError> {
        self.extra_bytes += 1;
        if self.extra_bytes > CHUNK_EXTRA_BYTES_MAX {
            return Err(FramingError::ChunkExtra);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans `body` in pieces of `step` bytes; returns the number of bytes it took, if it ended.
    fn scanned(body: &[u8], step: usize) -> Result<Option<usize>, FramingError> {
        let mut scan = ChunkedScan::new();
        let mut taken = 0;
        for piece in body.chunks(step) {
            taken += scan.scan(piece)?;
            if scan.is_done() {
                return Ok(Some(taken));
            }
        }
        Ok(None)
    }

    #[test]
    fn the_end_is_found_however_the_bytes_arrive() {
        for body in [
            &b"0\r\n\r\n"[..],
            b"3\r\nabc\r\n0\r\n\r\n",
            b"A;name=\"v\"\r\n0123456789\r\n000\r\n\r\n",
            b"1\r\na\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n",
            b"4\r\n\r\n\r\n\r\n0\r\n\r\n",
        ] {
            for step in 1..=body.len() {
                let mut more = body.to_vec();
                more.extend_from_slice(b"GET / HTTP/1.1\r\n");
                assert_eq!(scanned(&more, step), Ok(Some(body.len())), "{step}");
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for body in [
            &b"\r\n"[..],
            b";a\r\n",
            b"g\r\n",
            b" 3\r\nabc\r\n",
            b"3 \r\nabc\r\n",
            b"3\nabc\r\n",
            b"3\r\nabcd\r\n",
            b"3\r\nabc\n0\r\n\r\n",
            b"0x3\r\nabc\r\n",
            b"-1\r\n",
            b"0000000000000001\r\na\r\n",
            b"1;\x00\r\na\r\n",
            b"0\r\n folded\r\n\r\n",
            b"0\r\nnocolon\r\n\r\n",
            b"0\r\nX : y\r\n\r\n",
            b"0\r\n\n",
        ] {
            assert_eq!(scanned(body, 1), Err(FramingError::Chunk), "{body:?}");
        }
    }

    #[test]
    fn extensions_and_trailers_end_somewhere() {
        let long = vec![b'a'; CHUNK_EXTRA_BYTES_MAX + 1];
        let extension = [b"1;", long.as_slice()].concat();
        let trailer = [b"0\r\n", long.as_slice()].concat();
        assert_eq!(scanned(&extension, 100), Err(FramingError::ChunkExtra));
        assert_eq!(scanned(&trailer, 100), Err(FramingError::ChunkExtra));
    }
}
