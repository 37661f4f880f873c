//! The path of a request, in every spelling that its upstream may take it for.

use std::borrow::Cow;
use std::cell::OnceCell;

use gaiterguard_domain::path;

use super::failure::Cause;

/// The path of a request without its query. Later readings are made when a condition first needs
/// them, and kept for the others.
#[derive(Clone, Debug)]
pub struct RequestPath<'a> {
    sent: &'a str,
    normal: Cow<'a, str>,
    decoded: OnceCell<Option<String>>,
    locations: OnceCell<Vec<Location>>,
}

/// The segments of a path, folded: two paths with the same segments are the same place to a server
/// that ignores case, matrix parameters, and dots, spaces and slashes at the end.
pub(super) type Location = Box<[Box<str>]>;

impl<'a> RequestPath<'a> {
    /// Takes the whole path as it is sent, without the query.
    pub fn of(sent: &'a str) -> Self {
        Self {
            sent,
            normal: path::normalized(sent),
            decoded: OnceCell::new(),
            locations: OnceCell::new(),
        }
    }

    /// The path with escapes of unreserved characters decoded (RFC 3986, section 6.2.2).
    pub fn normal(&self) -> &str {
        &self.normal
    }

    /// The path with every escape decoded, where it differs from the normal form.
    pub(super) fn decoded(&self) -> Option<&str> {
        let decoded = self.decoded.get_or_init(|| {
            let decoded = path::decoded(self.sent);
            (decoded != self.normal).then(|| decoded.into_owned())
        });
        decoded.as_deref()
    }

    /// Whether this is `above` or lies below it.
    ///
    /// # Errors
    ///
    /// Where it does for one kind of server and does not for another.
    pub(super) fn is_under(&self, above: &Location) -> Result<bool, Cause> {
        let locations = self.locations.get_or_init(|| self.read_locations());
        let mut answers = locations.iter().map(|location| location.starts_with(above));
        let first = answers.next().unwrap_or_default();
        if answers.all(|answer| answer == first) {
            Ok(first)
        } else {
            Err(Cause::Ambiguous)
        }
    }

    /// The places that this path may be. There are several where an encoded slash follows a matrix
    /// parameter: in `/a;x%2Fb/c` the parameter ends at the slash, or at that of the segment.
    fn read_locations(&self) -> Vec<Location> {
        let decoded = self.decoded().unwrap_or(&self.normal);
        let mut locations = vec![location(decoded)];
        if decoded.contains(';') && self.decoded().is_some() {
            let by_segment = |cut: fn(&str) -> String| {
                let segments: Vec<String> = self.sent.split('/').map(cut).collect();
                location(&segments.join("/"))
            };
            locations.push(by_segment(|segment| {
                path::decoded(without_parameters(segment)).into_owned()
            }));
            locations.push(by_segment(|segment| {
                without_parameters(&path::decoded(segment)).to_owned()
            }));
        }
        locations
    }
}

/// The place that a decoded path is.
pub(super) fn location(decoded: &str) -> Location {
    let segments = decoded.split('/').filter_map(|segment| {
        let name = without_parameters(segment).trim_end_matches(['.', ' ']);
        (!name.is_empty()).then(|| fold(name))
    });
    segments.collect()
}

fn without_parameters(segment: &str) -> &str {
    segment.split(';').next().unwrap_or_default()
}

/// Removes differences of case, those outside ASCII too: `K` may be the Kelvin sign.
fn fold(name: &str) -> Box<str> {
    if name.is_ascii() {
        return name.to_ascii_lowercase().into();
    }
    let upper = name.chars().flat_map(char::to_uppercase);
    let folded: String = upper.flat_map(char::to_lowercase).collect();
    folded.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_under(sent: &str, above: &str) -> Result<bool, Cause> {
        RequestPath::of(sent).is_under(&location(&path::decoded(above)))
    }

    #[test]
    fn a_path_lies_under_another_in_any_spelling() {
        for sent in [
            "/v1/admin",
            "/v1/admin/",
            "/v1/admin/users",
            "/v1/Admin",
            "/V1/ADMIN/users",
            "/v1/%61dmin",
            "/v1/%2561dmin",
            "/v1%2Fadmin",
            "/v1%252fadmin",
            "/v1/admin;x=1",
            "/v1/admin;x=1/users",
            "/v1;x/admin",
            "/v1/admin%3Bx",
            "/v1/admin.",
            "/v1/admin...",
            "/v1/admin%20",
            "/v1/admin%20./users",
            "/v1./admin",
            "/v1/adm%C4%B1n",
        ] {
            assert_eq!(is_under(sent, "/v1/admin"), Ok(true), "{sent}");
        }
        for sent in [
            "/v1",
            "/v1/administrators",
            "/v1/admi",
            "/v1/users/admin",
            "/v1/x/../admin-notes",
            "/v2/admin",
            "/admin",
            "/",
            "/v1/a/dmin",
        ] {
            assert_eq!(is_under(sent, "/v1/admin"), Ok(false), "{sent}");
        }
        assert_eq!(is_under("/anything", "/"), Ok(true));
        assert_eq!(is_under("/a/b%2Fc/d", "/a/b%2fc"), Ok(true));
        assert_eq!(is_under("/a/\u{212a}", "/a/k"), Ok(true));
    }

    #[test]
    fn servers_that_differ_about_a_path_leave_it_open() {
        for sent in [
            "/v1;a%2Fb/admin",
            "/v1%3Ba%2Fb/admin",
            "/v1/admin;%2Fx/../y",
        ] {
            let answer = is_under(sent, "/v1/admin");
            assert!(matches!(answer, Ok(true) | Err(Cause::Ambiguous)), "{sent}");
        }
        assert_eq!(
            is_under("/v1;a%2Fb/admin", "/v1/admin"),
            Err(Cause::Ambiguous)
        );
        assert_eq!(is_under("/v1;a%2Fb/admin", "/v2"), Ok(false));
    }

    #[test]
    fn a_path_without_escapes_has_one_spelling() {
        let path = RequestPath::of("/v1/charges");
        assert_eq!((path.normal(), path.decoded()), ("/v1/charges", None));
        let path = RequestPath::of("/v1/%63harges");
        assert_eq!((path.normal(), path.decoded()), ("/v1/charges", None));
        let path = RequestPath::of("/v1%2fcharges");
        assert_eq!(path.normal(), "/v1%2Fcharges");
        assert_eq!(path.decoded(), Some("/v1/charges"));
    }
}
