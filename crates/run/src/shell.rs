//! Variables as commands of a POSIX shell.

use std::os::unix::ffi::OsStrExt as _;

use crate::inherited::Inherited;
use crate::variables::Variables;

/// Returns commands that set and remove the variables, for `eval`.
pub(crate) fn commands(variables: &Variables, inherited: &Inherited) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in variables.iter() {
        match value {
            Some(value) => {
                text.extend_from_slice(format!("export {name}='").as_bytes());
                for byte in value.as_bytes() {
                    match byte {
                        // Within single quotes only a single quote has a meaning.
                        b'\'' => text.extend_from_slice(br"'\''"),
                        byte => text.push(*byte),
                    }
                }
                text.extend_from_slice(b"'\n");
            }
            None if inherited.contains(name) => {
                text.extend_from_slice(format!("unset {name}\n").as_bytes());
            }
            None => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_only_existing_variables_are_removed() {
        let variables =
            Variables::from([("A", Some("it's $HOME\n`id` \\")), ("B", None), ("C", None)]);
        let inherited = Inherited::from([("B", "")]);
        let text = String::from_utf8(commands(&variables, &inherited)).unwrap();
        assert_eq!(text, "export A='it'\\''s $HOME\n`id` \\'\nunset B\n");
    }
}
