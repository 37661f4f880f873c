//! The bytes of header fields.

/// Returns whether a name may contain this byte: the `tchar` of RFC 9110, section 5.6.2.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES[usize::from(byte)]
}

/// Returns whether a value may contain this byte: visible ASCII, space, tab, and bytes beyond ASCII.
pub(crate) fn is_value_byte(byte: u8) -> bool {
    VALUE_BYTES[usize::from(byte)]
}

const NAME_BYTES: [bool; 256] = table_of_name_bytes();
const VALUE_BYTES: [bool; 256] = table_of_value_bytes();

const fn table_of_name_bytes() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
}

const fn table_of_value_bytes() -> [bool; 256] {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 32 {
        table[byte] = byte == b'\t' as usize;
        byte += 1;
    }
    table[0x7f] = false;
    table
}
