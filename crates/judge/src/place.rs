//! Places in a request.

use std::cell::OnceCell;

use gaiterguard_request::node::push_token;

/// A place in a request, linked to its parents. The pointer is written only for findings: the visitor
/// passes through many thousand places.
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

/// A list or a map with its place. Its pointer is cached, because findings often share a parent.
#[derive(Debug)]
pub(crate) struct Holder<'p> {
    place: &'p Place<'p>,
    pointer: OnceCell<String>,
}

impl<'p> Holder<'p> {
    pub(crate) fn at(place: &'p Place<'p>) -> Self {
        Self {
            place,
            pointer: OnceCell::new(),
        }
    }

    /// Returns the place of a member of this map.
    pub(crate) fn member(&'p self, name: &'p str) -> Place<'p> {
        match self.place {
            Place::Named(_) => *self.place,
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
    /// Returns the evidence for a finding: the name, or a JSON pointer (RFC 6901) into the body.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::with_capacity(POINTER_BYTES);
        self.write(&mut pointer);
        pointer
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
    fn only_the_body_has_pointers() {
        let query = Holder::at(&Place::Named("query"));
        let list = query.member("a");
        let list = Holder::at(&list);
        assert_eq!(list.item(1).pointer(), "query");
    }
}
