//! Reading a part of a document.

use gaiterguard_apidocs::{Document, Format, Include, Unreadable, read, read_part, selected};
use serde_json::json;

use crate::support;

fn include(tags: &[&str], paths: &[&str]) -> Include {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Include {
        tags: owned(tags),
        paths: owned(paths),
    }
}

fn part(bytes: &[u8], include: &Include) -> Result<Document, Unreadable> {
    read_part(Some(Format::OpenApi), bytes, None, Some(include)).map(|(_, document)| document)
}

#[test]
fn tags_and_paths_select_operations() {
    let museum = support::bytes(&support::data(), "museum.yaml");
    let ids = |include: &Include| -> Vec<String> {
        let document = part(&museum, include).unwrap();
        document
            .operations
            .into_iter()
            .map(|operation| operation.id)
            .collect()
    };
    assert_eq!(
        ids(&include(&["Tickets"], &[])),
        ["buyMuseumTickets", "getTicketCode"]
    );
    assert_eq!(
        ids(&include(&["Tickets"], &["/tickets/{id}"])),
        ["getTicketCode"]
    );
    assert_eq!(
        ids(&include(&["Tickets", "Operations"], &["/museum-hours"])),
        ["getMuseumHours"]
    );
    assert_eq!(ids(&include(&[], &["/special-events/{x}"])).len(), 3);
    assert_eq!(ids(&include(&[], &[])).len(), 8);
    let whole = read(Format::OpenApi, &museum).unwrap();
    let found = part(&museum, &include(&[], &["/"])).unwrap();
    assert_eq!(found, whole);
}

#[test]
fn a_selection_of_nothing_names_the_tags() {
    let museum = support::bytes(&support::data(), "museum.yaml");
    let refused = part(&museum, &include(&["tickets"], &[])).unwrap_err();
    let Unreadable::NothingSelected(tags) = &refused else {
        panic!("{refused:?}");
    };
    assert!(tags.contains(&"Tickets".to_owned()), "{tags:?}");
    assert!(
        refused
            .to_string()
            .contains("its tags are Operations, Events, Tickets"),
        "{refused}"
    );
    let text = read_part(
        Some(Format::Markdown),
        b"# a",
        None,
        Some(&include(&["a"], &[])),
    );
    assert_eq!(text.unwrap_err(), Unreadable::NotSelectable);
}

#[test]
fn other_formats_are_selected_from_too() {
    let collection = json!({"info": {"name": "a"}, "item": [
        {"name": "Users", "item": [{"name": "List", "request": "https://a/users"}]},
        {"name": "Teams", "item": [{"name": "List", "request": "https://a/teams"}]}]});
    let collection = collection.to_string();
    for include in [include(&["Teams"], &[]), include(&[], &["/teams"])] {
        let document = part(collection.as_bytes(), &include).unwrap();
        let ids: Vec<&str> = document.operations.iter().map(|o| o.id.as_str()).collect();
        assert_eq!(ids, ["GET /teams"]);
    }
}

/// A description of `count` paths of about 3 KB each.
fn large(count: usize) -> String {
    let words = "word ".repeat(500);
    let paths: Vec<String> = (0..count)
        .map(|number| {
            format!(
                r##""/group{}/items{number}": {{"post": {{"tags": ["tag{}"], "description": "{words}",
                    "requestBody": {{"content": {{"application/json": {{"schema": {{
                        "$ref": "#/components/schemas/S{number}"}}}}}}}}}}}}"##,
                number % 100,
                number % 7,
            )
        })
        .collect();
    let schemas: Vec<String> = (0..count)
        .map(|number| {
            format!(
                r##""S{number}": {{"type": "object", "description": "{words}", "properties": {{
                    "next": {{"$ref": "#/components/schemas/S{}"}}, "f{number}": {{"type": "string"}}}}}}"##,
                (number + 1) % count
            )
        })
        .collect();
    format!(
        "{{\"openapi\": \"3.0.0\", \"paths\": {{{}}}, \"components\": {{\"schemas\": {{{}}}}}}}",
        paths.join(","),
        schemas.join(",")
    )
}

#[test]
fn a_part_of_a_document_over_the_limit_is_read_and_kept() {
    let text = large(5_000);
    assert!(
        text.len() > 24 << 20 && text.len() < 32 << 20,
        "{}",
        text.len()
    );
    let refused = read(Format::OpenApi, text.as_bytes()).unwrap_err();
    assert_eq!(refused, Unreadable::TooLarge);
    assert!(
        refused
            .to_string()
            .contains("set `include` to tags or paths"),
        "{refused}"
    );

    let include = include(&["tag3"], &["/group10"]);
    let document = part(text.as_bytes(), &include).unwrap();
    let expected = (0..5_000)
        .filter(|number| number % 7 == 3 && number % 100 == 10)
        .count();
    assert_eq!(document.operations.len(), expected);
    assert!(
        document.operations[0]
            .body
            .field("/next/next/next")
            .is_some()
    );
    // Every schema leads to the next one.
    let kept = selected(text.as_bytes(), &include);
    let kept = kept.unwrap();
    assert_eq!(part(&kept, &include).unwrap(), document);
    assert!(read(Format::OpenApi, &kept).is_ok());

    let everything = self::include(&[], &["/"]);
    assert_eq!(
        selected(text.as_bytes(), &everything).unwrap_err(),
        Unreadable::SelectionTooLarge
    );
    let larger = vec![b' '; (64 << 20) + 1];
    assert_eq!(
        part(&larger, &include).unwrap_err(),
        Unreadable::MuchTooLarge
    );
}

#[test]
fn the_kept_part_of_a_real_document_reads_like_the_whole() {
    let museum = support::bytes(&support::data(), "museum.yaml");
    let include = include(&[], &["/special-events"]);
    let kept = selected(&museum, &include).unwrap();
    assert!(kept.len() < museum.len() / 2, "{}", kept.len());
    assert_eq!(part(&kept, &include), part(&museum, &include));
}
