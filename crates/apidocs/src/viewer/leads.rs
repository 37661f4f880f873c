//! The places where a page may have its API description.

use super::url;

/// The limit on the URLs of each kind. The search fetches only the first few of them.
const URLS_MAX: usize = 20;

/// The shortest text that can be a description, in bytes: a version and empty paths.
const DESCRIPTION_BYTES_MIN: usize = 20;

/// Parts of the names of libraries. Their scripts are large and name no description.
const LIBRARY_NAMES: [&str; 6] = [
    "bundle",
    "standalone",
    ".min.js",
    "web-components",
    "rapidoc-min",
    "polyfill",
];

/// The places where the API description of a page may be. The URLs are as the page spells them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leads {
    /// A text in the page that looks like a description.
    pub embedded: Option<String>,
    /// The URLs that the page's viewer reads.
    pub descriptions: Vec<String>,
    /// The files to which the page links and whose names are those of descriptions.
    pub links: Vec<String>,
    /// The settings and scripts that the page loads, in which the viewer's URLs may be.
    pub scripts: Vec<String>,
    /// The URL that the others are relative to, if it is not the page's.
    pub base: Option<String>,
}

impl Leads {
    /// Adds the descriptions that a script or settings name, but no scripts: those that a script loads are not fetched.
    pub fn extend(&mut self, other: Self) {
        self.embedded = self.embedded.take().or(other.embedded);
        for url in other.descriptions {
            add(&mut self.descriptions, &url);
        }
        for url in other.links {
            add(&mut self.links, &url);
        }
    }

    pub(super) fn add_description(&mut self, url: &str) {
        if url::is_one(url) {
            add(&mut self.descriptions, url);
        }
    }

    /// Adds the URL of settings. They say what the viewer reads, so they come first.
    pub(super) fn add_settings(&mut self, url: &str) {
        if url::is_one(url) && !self.scripts.iter().any(|known| known == url) {
            self.scripts.insert(0, url.to_owned());
            self.scripts.truncate(URLS_MAX);
        }
    }

    /// Adds the URL of a script, unless it is named like a library.
    pub(super) fn add_script(&mut self, url: &str) {
        let name = url.to_lowercase();
        let is_library = LIBRARY_NAMES.iter().any(|part| name.contains(part));
        if url::is_one(url) && !is_library {
            add(&mut self.scripts, url);
        }
    }

    pub(super) fn add_link(&mut self, url: &str) {
        if url::names_a_description(url) || url::is_raw_file(url) {
            add(&mut self.links, url);
        }
    }

    /// Adds a text that the page shows or contains.
    pub(super) fn add_text(&mut self, text: &str) {
        if self.embedded.is_none() && is_description(text) {
            self.embedded = Some(text.to_owned());
        }
    }

    pub(super) fn set_base(&mut self, url: Option<String>) {
        self.base = self.base.take().or(url);
    }
}

fn add(urls: &mut Vec<String>, url: &str) {
    if urls.len() < URLS_MAX && !urls.iter().any(|known| known == url) {
        urls.push(url.to_owned());
    }
}

/// Returns whether a text declares itself as `OpenAPI` and has paths.
fn is_description(text: &str) -> bool {
    let trimmed = text.trim_start();
    let has_key = |key: &str| {
        if trimmed.starts_with('{') {
            let quoted = format!("\"{key}\"");
            return trimmed.contains(&quoted);
        }
        trimmed.lines().any(|line| {
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(':'))
        })
    };
    trimmed.len() >= DESCRIPTION_BYTES_MIN
        && (has_key("openapi") || has_key("swagger"))
        && has_key("paths")
}
