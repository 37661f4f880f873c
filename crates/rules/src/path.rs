//! The path of a request, in every spelling that its upstream may take it for.

use std::borrow::Cow;
use std::cell::OnceCell;

use gaiterguard_domain::path;

use crate::failure::Cause;

/// The path of a request without its query. Later readings are made when a condition first needs
/// them, and kept for the others.
#[derive(Clone, Debug)]
pub struct RequestPath<'a> {
    sent: &'a str,
    normal: Cow<'a, str>,
    decoded: OnceCell<Option<String>>,
    locations: OnceCell<Vec<Location>>,
    lenient_locations: OnceCell<Vec<Location>>,
}

/// Extensions that name the format of a response, as Rails and others have them in their routes.
const FORMATS: [&str; 2] = ["json", "xml"];

/// The segments of a path, folded: two paths with the same segments are the same place to a server
/// that ignores case, matrix parameters, and dots, spaces and slashes at the end.
pub(crate) type Location = Box<[Box<str>]>;

impl<'a> RequestPath<'a> {
    /// Takes the whole path as it is sent, without the query.
    pub fn of(sent: &'a str) -> Self {
        Self {
            sent,
            normal: path::normalized(sent),
            decoded: OnceCell::new(),
            locations: OnceCell::new(),
            lenient_locations: OnceCell::new(),
        }
    }

    /// The path with escapes of unreserved characters decoded (RFC 3986, section 6.2.2).
    pub fn normal(&self) -> &str {
        &self.normal
    }

    /// The path with every escape decoded, where it differs from the normal form.
    pub(crate) fn decoded(&self) -> Option<&str> {
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
    pub(crate) fn is_under(&self, above: &Location) -> Result<bool, Cause> {
        let locations = self.locations.get_or_init(|| self.read_locations());
        let mut answers = locations.iter().map(|location| location.starts_with(above));
        let first = answers.next().unwrap_or_default();
        if answers.any(|answer| answer != first) {
            return Err(Cause::Ambiguous);
        }
        if first {
            return Ok(true);
        }
        let lenient = self.lenient_locations.get_or_init(|| {
            let readings = self.readings();
            let lenient = readings.iter().map(|decoded| lenient_locations(decoded));
            lenient.flatten().collect()
        });
        if lenient.iter().any(|location| location.starts_with(above)) {
            return Err(Cause::Ambiguous);
        }
        Ok(false)
    }

    fn read_locations(&self) -> Vec<Location> {
        let readings = self.readings();
        readings.iter().map(|decoded| location(decoded)).collect()
    }

    /// The decoded paths that this one may be. There are several where an encoded slash follows a
    /// matrix parameter: in `/a;x%2Fb/c` the parameter may end at the encoded slash or with the segment.
    fn readings(&self) -> Vec<Cow<'_, str>> {
        let decoded = self.decoded().unwrap_or(&self.normal);
        let mut readings = vec![Cow::Borrowed(decoded)];
        if decoded.contains(';') && self.decoded().is_some() {
            let by_segment = |cut: fn(&str) -> String| {
                let segments: Vec<String> = self.sent.split('/').map(cut).collect();
                Cow::Owned(segments.join("/"))
            };
            readings.push(by_segment(|segment| {
                path::decoded(without_parameters(segment)).into_owned()
            }));
            readings.push(by_segment(|segment| {
                without_parameters(&path::decoded(segment)).to_owned()
            }));
        }
        readings
    }
}

/// The place that a decoded path is.
pub(crate) fn location(decoded: &str) -> Location {
    let segments = decoded.split('/').filter_map(|segment| {
        let name = without_parameters(segment).trim_end_matches(['.', ' ']);
        (!name.is_empty()).then(|| fold(name))
    });
    segments.collect()
}

/// The places that some servers alone take a decoded path for. They end it at a decoded `?` or `#`,
/// fold or drop characters, trim segments, or take an extension for the format of the response.
fn lenient_locations(decoded: &str) -> Vec<Location> {
    if decoded.is_ascii() && !decoded.contains(['?', '#', ' ', '.']) {
        return Vec::new();
    }
    let folded = path::folded(decoded);
    let whole: &str = &folded;
    let cut = whole.split(['?', '#']).next().unwrap_or_default();
    let mut locations = Vec::new();
    for one in [whole, cut] {
        let trimmed: Vec<&str> = one.split('/').map(str::trim_start).collect();
        let location = location(&trimmed.join("/"));
        if let Some(last) = location.last()
            && let Some((stem, extension)) = last.rsplit_once('.')
            && FORMATS.contains(&extension)
        {
            let mut without_format = location.clone();
            without_format[location.len() - 1] = stem.into();
            locations.push(without_format);
        }
        locations.push(location);
        if cut.len() == whole.len() {
            break;
        }
    }
    locations
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
    fn a_path_that_only_some_servers_take_for_another_is_left_open() {
        for sent in [
            "/v1/admin%3F",
            "/v1/admin%3Fx",
            "/v1/admin%3Fx/users",
            "/v1/admin%23x",
            "/v1/admin%253Fx",
            "/v1/%20admin",
            "/%20v1/admin",
            "/v1/%C2%A0admin",
            "/v1/admin%C2%A0",
            "/v1/ad%E2%80%8Bmin/users",
            "/v1/admin%EF%BB%BF",
            "/v1%EF%BC%8Fadmin",
            "/v1/%EF%BD%81dmin",
            "/v1/admin%EF%BC%9Fx",
            "/v1/admin%EF%BC%9Bx",
            "/v1/admin%EF%B9%96x",
            "/v1/admin%CD%BEx",
            "/v1/admin.json",
            "/v1/Admin.XML",
            "/v1/admin.json;x=1",
            "/v1/admin.json%3Fx",
            "/v1;a%2Fb/admin%3Fx",
        ] {
            let found = is_under(sent, "/v1/admin");
            assert_eq!(found, Err(Cause::Ambiguous), "{sent}");
        }
        for sent in [
            "/v1/what%3F",
            "/v1/x%3F/admin",
            "/v1/%20administrators",
            "/v1/caf%C3%A9",
            "/v1/users.json",
            "/v1/admin.csv",
            "/v1/admin.v2",
            "/v1/admin.json/users",
            "/v1/files/.well-known",
        ] {
            assert_eq!(is_under(sent, "/v1/admin"), Ok(false), "{sent}");
        }
        for (sent, above) in [
            ("/v1/messages.json", "/v1/messages.json"),
            ("/v1/messages/1.json", "/v1/messages"),
            ("/v1/search/what%3F", "/v1/search"),
            ("/v1/search/%20x%C2%A0", "/v1/search"),
        ] {
            assert_eq!(is_under(sent, above), Ok(true), "{sent}");
        }
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
