//! Finds the API description in a web page that shows one: the pages of Swagger UI, Redoc, Scalar,
//! `RapiDoc` and Stoplight name its URL or contain it, and the page of a file on a code host links to the
//! file itself.

mod leads;
mod script;
mod shown;
mod url;

use html5gum::{HtmlString, StartTag, Token, Tokenizer};

use crate::markup::raw_content;
use script::scan;
use shown::Shown;

pub use leads::Leads;

/// Attributes that contain the URL of a description, in lower case.
const URL_ATTRIBUTES: [&str; 10] = [
    "spec-url",
    "specurl",
    "data-spec-url",
    "apidescriptionurl",
    "api-description-url",
    "openapi-url",
    "data-openapi-url",
    "swagger-url",
    "data-swagger-url",
    "schema-url",
];

/// Attributes that contain settings as JSON, or a description.
const SETTINGS_ATTRIBUTES: [&str; 5] = [
    "data-configuration",
    "data-config",
    "data-props",
    "apidescriptiondocument",
    "data-spec",
];

/// Searches a page.
pub fn search_page(page: &str) -> Leads {
    let mut leads = Leads::default();
    let mut shown = Shown::default();
    let mut tokens = Tokenizer::new(page);
    let mut is_script = false;
    while let Some(Ok(token)) = tokens.next() {
        match token {
            Token::StartTag(tag) => {
                attributes(&tag, &mut leads);
                shown.open(&tag.name);
                is_script = tag.name.as_slice() == b"script";
                if let Some(state) = raw_content(&tag.name) {
                    tokens.set_state(state);
                }
            }
            Token::String(text) => {
                let text = String::from_utf8_lossy(&text);
                if is_script {
                    scan(&text, &mut leads);
                } else {
                    shown.push(&text);
                }
            }
            Token::EndTag(tag) => {
                is_script = false;
                if let Some(text) = shown.close(&tag.name) {
                    leads.add_text(&text);
                }
            }
            _ => {}
        }
    }
    leads
}

/// Searches a script, or settings in JSON, that a page loads.
pub fn search_script(script: &str) -> Leads {
    let mut leads = Leads::default();
    scan(script, &mut leads);
    leads
}

fn attributes(tag: &StartTag<()>, leads: &mut Leads) {
    let value = |name: &str| {
        let value: &HtmlString = tag.attributes.get(name.as_bytes())?;
        Some(String::from_utf8_lossy(value).trim().to_owned())
    };
    for name in URL_ATTRIBUTES {
        if let Some(url) = value(name) {
            leads.add_description(&url);
        }
    }
    for name in SETTINGS_ATTRIBUTES {
        if let Some(settings) = value(name) {
            leads.add_text(&settings);
            scan(&settings, leads);
        }
    }
    match tag.name.as_slice() {
        b"base" => leads.set_base(value("href")),
        b"script" => {
            if let Some(url) = value("data-url") {
                leads.add_description(&url);
            }
            if let Some(source) = value("src") {
                leads.add_script(&source);
            }
        }
        b"link" => {
            let relation = value("rel").unwrap_or_default().to_lowercase();
            let media_type = value("type").unwrap_or_default().to_lowercase();
            let is_typed = ["openapi", "swagger"]
                .iter()
                .any(|name| media_type.contains(name));
            let is_description = relation
                .split_whitespace()
                .any(|word| word == "service-desc");
            if let Some(url) = value("href").filter(|_| is_description || is_typed) {
                leads.add_description(&url);
            }
        }
        b"a" => {
            if let Some(url) = value("href") {
                leads.add_link(&url);
            }
        }
        _ => {
            if let Some(url) = value("data-url").filter(|url| url::names_a_description(url)) {
                leads.add_description(&url);
            }
        }
    }
}
