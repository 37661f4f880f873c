//! The segments of a path: custom methods, files, keys, and the parameters of a documented template.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::acts::unknown_act;
use crate::words::{
    act_of_noun, begins_with_verb, is_general, is_in, is_version, singular, spaced,
};

pub(crate) fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|one| !one.is_empty()).collect()
}

/// Splits the last segment if a custom method follows a colon in it, as in AIP-136 of Google's APIs:
/// `/documents/d1:batchUpdate`, `/campaigns:mutate`. PUT and DELETE name an object, which may be called
/// `user:lock`.
pub(crate) fn with_verb<'p>(mut segments: Vec<&'p str>, method: &Method) -> (Vec<&'p str>, bool) {
    let names_object = matches!(*method, Method::PUT | Method::DELETE);
    // The name may have colons, too: `/apps/1:1234:android:0a1b:remove`.
    if let Some((name, verb)) = segments.last().and_then(|last| last.rsplit_once(':'))
        && !names_object
        && !name.is_empty()
        && is_custom_method(name, verb, method)
    {
        segments.pop();
        segments.extend([name, verb]);
        return (segments, true);
    }
    (segments, false)
}

/// Whether the word after a colon is a custom method: a known verb, or any word after a collection.
fn is_custom_method(name: &str, verb: &str, method: &Method) -> bool {
    let is_plain = verb.starts_with(|first: char| first.is_ascii_lowercase())
        && verb.bytes().all(|byte| byte.is_ascii_alphabetic());
    begins_with_verb(verb)
        || is_plain
            && *method == Method::POST
            && (is_collection(name) || act_of_noun(verb).is_some() || unknown_act(verb).is_some())
}

/// Whether a segment is the name of an operation: `build`, `buildWithParameters`.
pub(crate) fn is_operation(segment: &str) -> bool {
    let is_camel = segment.bytes().any(|byte| byte.is_ascii_uppercase());
    begins_with_verb(segment) && (is_camel || !segment.contains(['-', '_']))
}

/// Whether a segment is the script of a server that the rest of the path goes through.
pub(crate) fn is_script(segment: &str) -> bool {
    let ending = segment.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| {
        is_in(
            "ashx asmx asp aspx cgi do jsp php svc",
            &ending.to_ascii_lowercase(),
        )
    })
}

/// Whether a word is that of a collection: a noun in the plural.
pub(crate) fn is_collection(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphabetic()) && singular(&spaced(name)) != spaced(name)
}

/// Endings of files that hold documents, media, programs or data. `json` and `xml` are formats of responses.
const FILE_ENDINGS: &str = "7z apk avi avro bak bin bmp cert cfg conf crt css csv db deb dll dmg doc docx dump env \
    eml exe gif go gz heic htm html ics ini ipa iso jar java jpeg jpg js key log md mov mp3 mp4 mpeg msi odt ogg orc \
    p12 parquet pdf pem php png ppt pptx ps1 psd py rar rb rpm rs rtf sh sql sqlite svg tar tf tgz tif tiff toml ts \
    tsv tsx txt vcf war wav webm webp whl xls xlsx xz yaml yml zip";

/// Words for places that hold files.
const FILE_PLACES: &str = "asset assets blob blobs content contents document documents file files object objects \
    upload uploads";

/// Whether a name is that of a file.
pub(crate) fn is_file(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    let ending = file.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    ending.is_some_and(|(_, ending)| is_in(FILE_ENDINGS, &ending.to_ascii_lowercase()))
}

/// Separates the name of a file, with the folders that it is in, from the words before it.
pub(crate) fn with_file<'r, 'p>(
    raw: &'r [&'p str],
    based: usize,
    method: &Method,
) -> (&'r [&'p str], Option<String>) {
    let is_act = *method == Method::POST;
    if is_act || raw.len() <= based || !raw.last().is_some_and(|last| is_file(&decoded(last))) {
        return (raw, None);
    }
    let own = &raw[based..raw.len() - 1];
    let place = own.iter().rposition(|one| is_in(FILE_PLACES, one));
    // A store of files has no words but those of the folders.
    let has_words = own
        .iter()
        .any(|one| is_version(one) || is_general(one) && *one != "admin");
    let from = match place {
        Some(place) => place + 1,
        None if has_words => return (raw, None),
        None => 0,
    };
    let (before, folders) = raw.split_at(based + from);
    (before, Some(decoded(&folders.join("/"))))
}

/// Returns how many segments a path has in common with the base path: all of the base path's, or none.
/// The last segment of a path always belongs to the request.
pub(crate) fn shared(raw: &[&str], base_path: &str) -> usize {
    let base = segments(base_path);
    let is_below = raw.len() > base.len() && raw.starts_with(&base);
    if is_below { base.len() } else { 0 }
}

/// Returns a segment without the ending that selects the format of the response.
pub(crate) fn without_format(segment: &str) -> &str {
    [".json", ".xml"]
        .iter()
        .find_map(|ending| segment.strip_suffix(ending))
        .unwrap_or(segment)
}

/// Splits a segment with a key in parentheses into the collection and the key.
pub(crate) fn keyed(segment: &str) -> Option<(&str, String)> {
    let (set, key) = segment.strip_suffix(')')?.split_once('(')?;
    let is_set = set.starts_with(|first: char| first.is_ascii_alphabetic())
        && set
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // SAP marks the sets of an interface: `A_BusinessPartner`, `C_SalesOrder`.
    let bare = match set.split_once('_') {
        Some((mark, rest)) if mark.len() == 1 && !rest.is_empty() => rest,
        _ => set,
    };
    (is_set && !key.is_empty()).then(|| (bare, key_of(key)))
}

/// Returns the value of a key, or those of a key of several parts with their names.
fn key_of(key: &str) -> String {
    let parts: Vec<(Option<&str>, &str)> = key
        .split(',')
        .map(|part| match part.split_once('=') {
            Some((name, value)) => (Some(name.trim()), value.trim().trim_matches('\'')),
            None => (None, part.trim().trim_matches('\'')),
        })
        .collect();
    match &*parts {
        [(_, only)] => (*only).to_owned(),
        _ => parts
            .iter()
            .map(|(name, value)| {
                format!(
                    "{}{value}",
                    name.map_or(String::new(), |name| format!("{name} "))
                )
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Pairs the segments of a path with those of a template. The path may begin with a prefix that the
/// template lacks, and the last parameter may span slashes, because many APIs take a whole file path there.
pub(crate) fn matched<'t>(raw: &[&str], template: &[&'t str]) -> Option<Vec<(&'t str, String)>> {
    let skipped = raw.len().checked_sub(template.len())?;
    // Without a parameter that spans slashes, the template describes the end of the path.
    let exact = || pairs(&raw[skipped..], template, 1);
    let spanning =
        || (0..skipped).find_map(|from| pairs(&raw[from..], template, skipped - from + 1));
    exact().or_else(spanning)
}

/// Pairs segments with those of a template whose last parameter spans `width` segments.
fn pairs<'t>(raw: &[&str], template: &[&'t str], width: usize) -> Option<Vec<(&'t str, String)>> {
    let wide = template
        .iter()
        .rposition(|one| Parameter::of(one).is_some());
    let mut rest = raw;
    let mut found = Vec::with_capacity(template.len());
    for (number, pattern) in template.iter().enumerate() {
        let taken = if Some(number) == wide { width } else { 1 };
        let (own, after) = rest.split_at_checked(taken)?;
        rest = after;
        let text = decoded(&own.join("/"));
        if Parameter::of(pattern).is_none() && *pattern != text {
            return None;
        }
        found.push((*pattern, text));
    }
    rest.is_empty().then_some(found)
}

/// A segment of a template with a parameter: `{id}`, `{Sid}.json`.
pub(crate) struct Parameter<'t> {
    pub(crate) prefix: &'t str,
    pub(crate) name: &'t str,
    pub(crate) suffix: &'t str,
}

impl<'t> Parameter<'t> {
    pub(crate) fn of(pattern: &'t str) -> Option<Self> {
        let (prefix, rest) = pattern.split_once('{')?;
        let (name, suffix) = rest.split_once('}')?;
        Some(Self {
            prefix,
            name,
            suffix,
        })
    }
}

pub(crate) fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
