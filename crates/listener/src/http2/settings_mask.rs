//! Withdraws an offer from the settings that the library sends.
//!
//! The library handles extended CONNECT (RFC 8441) only if it offers it, and resets the stream of a client that tries
//! it anyway, without a word. So the offer is enabled in the library and removed from its settings: clients see none,
//! and an attempt reaches the handler, which can say what to do instead.

/// The length of the head of a frame (RFC 9113, section 4.1), and the type of settings.
const FRAME_HEAD_BYTES: usize = 9;
const SETTINGS: u8 = 4;

/// The length of a setting: two bytes of its identifier, four of its value.
const SETTING_BYTES: usize = 6;

/// `SETTINGS_ENABLE_CONNECT_PROTOCOL` (RFC 8441, section 3).
const ENABLE_CONNECT_PROTOCOL: [u8; 2] = [0, 8];

/// The first frame of a server, its settings, while it is sent.
#[derive(Debug, Default)]
pub(super) enum SettingsMask {
    /// Nothing is sent yet.
    #[default]
    First,
    /// A part of the frame is sent.
    Sending {
        frame: Vec<u8>,
        sent: usize,
    },
    Done,
}

impl SettingsMask {
    /// Returns what to send instead of these bytes, which continue those that were sent; `None` to send them as they
    /// are. An error if they do not begin with settings.
    pub(super) fn of<'a>(&'a mut self, bytes: &[u8]) -> Result<Option<&'a [u8]>, &'static str> {
        if matches!(self, Self::First) && !bytes.is_empty() {
            let frame = masked(bytes).ok_or("the first frame is not a SETTINGS frame")?;
            *self = Self::Sending { frame, sent: 0 };
        }
        Ok(match self {
            Self::Sending { frame, sent } => Some(&frame[*sent..]),
            Self::First | Self::Done => None,
        })
    }

    /// Notes that so many bytes were sent.
    pub(super) fn sent(&mut self, count: usize) {
        if let Self::Sending { frame, sent } = self {
            *sent += count;
            if *sent == frame.len() {
                *self = Self::Done;
            }
        }
    }

    /// Whether the frame is sent.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

/// Returns the settings at the beginning of the bytes with the value 0, the default, for the offer.
fn masked(bytes: &[u8]) -> Option<Vec<u8>> {
    let [high, middle, low, SETTINGS, ..] = *bytes else {
        return None;
    };
    let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
    let mut frame = bytes.get(..FRAME_HEAD_BYTES + length)?.to_vec();
    for setting in frame[FRAME_HEAD_BYTES..].chunks_exact_mut(SETTING_BYTES) {
        if setting.starts_with(&ENABLE_CONNECT_PROTOCOL) {
            setting[ENABLE_CONNECT_PROTOCOL.len()..].fill(0);
        }
    }
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two settings, the second one with the offer, and the beginning of another frame.
    const SENT: &[u8] = b"\0\0\x0c\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x08\0\0\0\x01\0\0\x04";
    const MASKED: &[u8] = b"\0\0\x0c\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x08\0\0\0\0";

    #[test]
    fn the_offer_is_withdrawn_in_whatever_pieces_the_settings_are_sent() {
        for piece in 1..SENT.len() {
            let (mut mask, mut received, mut rest) = (SettingsMask::default(), vec![], SENT);
            while !rest.is_empty() {
                let instead = mask.of(rest).unwrap().unwrap_or(rest);
                let taken = instead.len().min(piece);
                received.extend_from_slice(&instead[..taken]);
                mask.sent(taken);
                rest = &rest[taken..];
            }
            assert!(mask.is_done());
            assert_eq!(
                received,
                [MASKED, &SENT[MASKED.len()..]].concat(),
                "{piece}"
            );
        }
    }

    #[test]
    fn a_connection_that_does_not_begin_with_settings_fails() {
        for bytes in [&b"HTTP/1.1 200 OK"[..], &SENT[..12], b"\0"] {
            assert!(SettingsMask::default().of(bytes).is_err(), "{bytes:?}");
        }
    }
}
