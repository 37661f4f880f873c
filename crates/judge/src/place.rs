//! Places in a request.

use std::cell::OnceCell;

use gaiterguard_request::node::push_token;

/// A place in a request, linked to its parents. Its pointer is written only where it is needed: the
/// visitor passes through many thousand places.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'p> {
    /// A header, the path, the query, or an encoded text: there are no pointers into these.
    Named(&'p str),
    /// The body.
    Body,
    /// A member of a map, by its name.
    Member(&'p Holder<'p>, &'p str),
    /// An item of a list, by its number.
    Item(&'p Holder<'p>, usize),
}

/// The initial capacity for a pointer, in bytes. Few are longer.
pub(crate) const POINTER_BYTES: usize = 64;

/// The most bytes of names in a pointer, before they are escaped. Values below longer names are found in
/// the body as a whole: otherwise every value would copy them, and findings would store them.
const NAMES_BYTES_MAX: usize = 1024;

/// A list or a map with its place. Its pointer is cached, because findings often share a parent.
#[derive(Debug)]
pub(crate) struct Holder<'p> {
    place: &'p Place<'p>,
    /// The bytes of the names in its pointer.
    names_bytes: usize,
    pointer: OnceCell<String>,
}

impl<'p> Holder<'p> {
    pub(crate) fn at(place: &'p Place<'p>) -> Self {
        Self {
            place,
            names_bytes: place.names_bytes(),
            pointer: OnceCell::new(),
        }
    }

    /// Returns the place of a member of this map.
    pub(crate) fn member(&'p self, name: &'p str) -> Place<'p> {
        match self.place {
            Place::Named(_) => *self.place,
            _ if self.names_bytes + name.len() > NAMES_BYTES_MAX => Place::Named(""),
            _ => Place::Member(self, name),
        }
    }

    /// Returns the place of an item of this list.
    pub(crate) fn item(&'p self, number: usize) -> Place<'p> {
        match self.place {
            Place::Named(_) => *self.place,
            _ => Place::Item(self, number),
        }
    }

    fn pointer(&self) -> &str {
        self.pointer.get_or_init(|| self.place.pointer())
    }
}

impl Place<'_> {
    /// Whether it is the query.
    pub(crate) fn is_query(&self) -> bool {
        matches!(self, Self::Named("query"))
    }

    /// Returns the evidence for a finding: the name, or a JSON pointer (RFC 6901) into the body.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::with_capacity(POINTER_BYTES);
        self.write(&mut pointer);
        pointer
    }

    /// The bytes of the names in its pointer. Numbers do not count: lists nest only so deep.
    fn names_bytes(&self) -> usize {
        match self {
            Self::Named(_) | Self::Body => 0,
            Self::Member(map, name) => map.names_bytes + name.len(),
            Self::Item(list, _) => list.names_bytes,
        }
    }

    /// Appends the pointer.
    pub(crate) fn write(&self, pointer: &mut String) {
        match self {
            Self::Named(name) => pointer.push_str(name),
            Self::Body => {}
            Self::Member(map, name) => {
                pointer.push_str(map.pointer());
                push_token(pointer, name);
            }
            Self::Item(list, number) => {
                pointer.push_str(list.pointer());
                pointer.push('/');
                push_number(pointer, *number);
            }
        }
    }
}

fn push_number(pointer: &mut String, number: usize) {
    if number >= 10 {
        push_number(pointer, number / 10);
    }
    let digit = u8::try_from(number % 10).unwrap_or_default();
    pointer.push(char::from(b'0' + digit));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_body_is_a_pointer() {
        let body = Holder::at(&Place::Body);
        let list = body.member("a/b");
        let list = Holder::at(&list);
        let item = list.item(12);
        let item = Holder::at(&item);
        assert_eq!(item.member("c~").pointer(), "/a~1b/12/c~0");
        assert_eq!(item.member("d").pointer(), "/a~1b/12/d");
        assert_eq!(Place::Body.pointer(), "");
    }

    #[test]
    fn a_value_below_a_very_long_name_is_found_in_the_body_as_a_whole() {
        let body = Holder::at(&Place::Body);
        let name = "n".repeat(NAMES_BYTES_MAX);
        let map = body.member(&name);
        assert_eq!(map.pointer().len(), NAMES_BYTES_MAX + 1);
        let map = Holder::at(&map);
        let list = map.member("to");
        assert_eq!(list.pointer(), "");
        let list = Holder::at(&list);
        assert_eq!(list.item(3).pointer(), "");
    }

    #[test]
    fn only_the_body_has_pointers() {
        let query = Holder::at(&Place::Named("query"));
        let list = query.member("a");
        let list = Holder::at(&list);
        assert_eq!(list.item(1).pointer(), "query");
    }
}
