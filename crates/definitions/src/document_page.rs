//! Finds the API description that a web page shows, by fetching what the page loads: one level, a few
//! files, under the same address rules as the page itself.

use std::time::Duration;

use gaiterguard_apidocs::viewer::{Leads, search_page, search_script};
use gaiterguard_apidocs::{Format, Include, Unreadable, recognize};
use gaiterguard_domain::document::DocumentKind;
use gaiterguard_domain::redact;
use gaiterguard_domain::target::Target;
use gaiterguard_upstream::page::{Page, linked};
use tokio::time::timeout;

use crate::document_content::DocumentContent;
use crate::document_fetcher::Fetcher;
use crate::library::ReadError;

/// The limit on the scripts and settings of a page that are fetched. Viewers have one script of their own,
/// which may name one file of settings.
const SCRIPTS_MAX: usize = 4;

/// The limit on the files that are tried as the description. A page names one, or a few versions of one; each is
/// fetched and parsed whole.
const TRIED_MAX: usize = 4;

/// The limit on the further descriptions that are named in a warning, which is one sentence.
const NAMED_MAX: usize = 10;

/// How long the search may take. An operator is waiting for the result.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(30);

/// The warning about a description that was taken out of a page.
pub(crate) const FROM_PAGE: &str =
    "page: this is a web page; the API description in it was read, not the rest of the page";

/// The document to read, instead of a page or the page itself.
pub(crate) struct Found {
    /// The document.
    pub(crate) page: Page,
    /// Sentences for the warnings of the document.
    pub(crate) notes: Vec<String>,
    /// Where the description seems to be, and why it was not read.
    pub(crate) seems_at: Option<String>,
}

/// Returns whether a document is an HTML page.
pub(crate) fn is_page(bytes: &[u8], media_type: Option<&str>) -> bool {
    recognize(bytes, media_type) == Format::Html
}

/// Returns the description that a page shows, or the page.
pub(crate) async fn find(
    fetcher: &Fetcher<'_>,
    page: Page,
    may_be_html: bool,
    include: Option<&Include>,
) -> Found {
    if !is_page(&page.bytes, page.media_type.as_deref()) {
        return Found {
            page,
            notes: Vec::new(),
            seems_at: None,
        };
    }
    let text = String::from_utf8_lossy(&page.bytes).into_owned();
    let searched = tokio::task::spawn_blocking(move || search_page(&text));
    let mut search = Search {
        fetcher,
        include,
        page: &page,
        leads: searched.await.unwrap_or_default(),
        failed: None,
    };
    // A page that is to be kept is not replaced by a file that it only links to.
    if may_be_html {
        search.leads.links.clear();
    }
    let found = timeout(SEARCH_TIMEOUT, search.description()).await;
    let failed = search.failed.take();
    if let Ok(Some((description, notes))) = found {
        return Found {
            page: description,
            notes,
            seems_at: None,
        };
    }
    let note = |place: &String| {
        let place = redact::agent_keys(place);
        format!("page: the API description seems to be at {place}")
    };
    Found {
        page,
        notes: failed.iter().map(note).collect(),
        seems_at: failed,
    }
}

struct Search<'s> {
    fetcher: &'s Fetcher<'s>,
    include: Option<&'s Include>,
    page: &'s Page,
    leads: Leads,
    /// The first place that was tried, with the reason why it is not the description.
    failed: Option<String>,
}

impl Search<'_> {
    /// Returns the first description that is found, with notes on where.
    async fn description(&mut self) -> Option<(Page, Vec<String>)> {
        if let Some(found) = self.embedded().await {
            return Some(found);
        }
        // Settings say what the viewer reads, whatever its script has as a default.
        let mut scripts = std::mem::take(&mut self.leads.scripts);
        let mut from_settings: Vec<String> = Vec::new();
        let mut number = 0;
        while number < scripts.len().min(SCRIPTS_MAX) {
            let address = scripts[number].clone();
            number += 1;
            let Some(found) = self.script(&address).await else {
                continue;
            };
            for settings in &found.scripts {
                if !scripts.contains(settings) {
                    scripts.insert(number, settings.clone());
                }
            }
            if is_settings(&address) {
                from_settings.extend(found.descriptions.iter().cloned());
            }
            self.leads.extend(found);
        }
        if let Some(found) = self.embedded().await {
            return Some(found);
        }
        let named = [&from_settings, &self.leads.descriptions, &self.leads.links];
        let mut places: Vec<Target> = Vec::new();
        for link in named.into_iter().flatten() {
            if let Some(target) = self.target(link)
                && !places.contains(&target)
            {
                places.push(target);
            }
        }
        for (tried, place) in places.iter().take(TRIED_MAX).enumerate() {
            let address = place.to_string();
            match self.fetcher.get(&address).await {
                Ok(page) if self.is_description(&page).await => {
                    let mut notes = vec![format!(
                        "page: the URL leads to a web page; the API description was read from {}",
                        redact::agent_keys(&address)
                    )];
                    notes.extend(others(&places[tried + 1..]));
                    return Some((page, notes));
                }
                Ok(_) => self.fail(&address, "is not an API description"),
                Err(reason) => self.fail(&address, &reason),
            }
        }
        None
    }

    /// Returns the description that the page or a script contains.
    async fn embedded(&mut self) -> Option<(Page, Vec<String>)> {
        let text = self.leads.embedded.take()?;
        let page = Page {
            media_type: None,
            bytes: text.into_bytes(),
            ..self.page.clone()
        };
        let is_one = self.is_description(&page).await;
        is_one.then(|| (page, vec![FROM_PAGE.to_owned()]))
    }

    /// Returns what a script of the page's own origin says.
    async fn script(&self, link: &str) -> Option<Leads> {
        let target = self.target(link)?;
        if target.origin() != self.page.url.origin() {
            return None;
        }
        let page = self.fetcher.get(&target.to_string()).await.ok()?;
        let text = String::from_utf8_lossy(&page.bytes).into_owned();
        tokio::task::spawn_blocking(move || search_script(&text))
            .await
            .ok()
    }

    /// Returns the target of a link in the page.
    fn target(&self, link: &str) -> Option<Target> {
        let base = match &self.leads.base {
            Some(base) => linked(&self.page.url, base).ok()?,
            None => self.page.url.clone(),
        };
        let target = linked(&base, link).ok()?;
        // Like a redirect, a page that was fetched over TLS must not lead to plain HTTP.
        let is_weaker = self.page.url.origin().scheme.as_str() == "https"
            && target.origin().scheme.as_str() != "https";
        (!is_weaker).then_some(target)
    }

    /// Returns whether a page is an API description, read as it will be read later.
    async fn is_description(&self, page: &Page) -> bool {
        let content = DocumentContent {
            include: self.include.cloned(),
            address: None,
            uses_credential: false,
            media_type: None,
            bytes: &page.bytes,
        };
        let library = self.fetcher.definitions.library();
        let read = library
            .read(Some(DocumentKind::Openapi), content.to_keep())
            .await;
        match read {
            Ok((_, document)) => !document.operations.is_empty(),
            // It is a description, and the selection is wrong: trying other places would hide that.
            Err(ReadError::Unreadable(error)) => matches!(error, Unreadable::NothingSelected(_)),
            Err(_) => false,
        }
    }

    fn fail(&mut self, address: &str, reason: &str) {
        if self.failed.is_none() {
            self.failed = Some(format!("{address} ({reason})"));
        }
    }
}

/// Returns whether a URL leads to settings rather than to a script.
fn is_settings(link: &str) -> bool {
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    !["js", "mjs"].contains(&extension)
}

/// Returns a warning that names further descriptions of a page.
fn others(places: &[Target]) -> Option<String> {
    if places.is_empty() {
        return None;
    }
    let names: Vec<String> = places
        .iter()
        .take(NAMED_MAX)
        .map(|place| redact::agent_keys(&place.to_string()).into_owned())
        .collect();
    let more = if places.len() > NAMED_MAX {
        " and others"
    } else {
        ""
    };
    Some(format!(
        "page: it also names {}{more}; add each description that you need by its own URL",
        names.join(", ")
    ))
}
