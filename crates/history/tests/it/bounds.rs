//! The bounds of a history.

use super::*;

#[test]
fn what_is_old_or_too_much_is_dropped() {
    let mut seen = limited(Limits {
        values_max: 40,
        pieces_bytes_max: 10_000,
        seconds_max: 3_600,
    });
    get("/a", json!({"id": "first-1", "name": "one"})).at(&mut seen, NOW);
    assert!(seen.at(NOW + 3_600).sighting("first-1").is_some());
    assert_eq!(seen.at(NOW + 3_601).sighting("first-1"), None);
    for at in 0..50 {
        let one = json!({"id": format!("id-{at}"), "name": format!("name-{at}")});
        get("/b", one).at(&mut seen, NOW + 10);
    }
    assert_eq!(seen.at(NOW + 10).sighting("first-1"), None);
    assert!(seen.at(NOW + 10).sighting("id-49").is_some());
    assert!(seen.bytes() < 20_000, "{}", seen.bytes());
    seen.expire(NOW + 10_000);
    assert!(seen.is_empty());
}

#[test]
fn a_long_response_is_read_up_to_the_bounds() {
    let mut seen = seen();
    let rows: Vec<Value> = (0..30_000)
        .map(|at| json!({"id": format!("row-{at}"), "name": format!("Row number {at}"), "at": at}))
        .collect();
    get("/rows", json!({ "rows": rows })).into(&mut seen);
    assert!(seen.sighting("row-1").is_some());
    assert_eq!(seen.sighting("row-29999"), None);
    assert_eq!(seen.sighting("row-100").unwrap().siblings.len(), 20);
    assert!(seen.bytes() < 3 << 20);
}

#[test]
fn many_lists_under_repeated_names_take_little_memory() {
    let lists: Vec<String> = (0..2_000)
        .map(|at| format!(r#","n{at}":{{}},"n{at}":{{}}"#))
        .collect();
    let mut seen = seen();
    let body = format!(r#"{{"id":"first-1"{}}}"#, lists.concat());
    text(&mut seen, "application/json", &body);
    assert!(seen.sighting("first-1").is_some());
    assert!(seen.bytes() < 100_000, "{}", seen.bytes());
}

#[test]
fn an_evaluation_makes_a_history_of_what_its_cases_say() {
    let seen = Seen::from_calls([
        (
            "GET",
            "/pulls/511",
            200,
            json!({"number": 511, "head": {"ref": "fix/typo"}}).to_string(),
        ),
        (
            "POST",
            "/rest/api/3/issue",
            201,
            json!({"id": "20311", "key": "WEB-1934"}).to_string(),
        ),
        (
            "POST",
            "/pods",
            201,
            json!({"metadata": {"name": "shell-x7"}}).to_string(),
        ),
    ]);
    assert_eq!(kind(&seen, "511"), Some(Shown));
    assert_eq!(kind(&seen, "fix/typo"), Some(Shown));
    assert_eq!(kind(&seen, "web-1934"), Some(Created));
    assert_eq!(kind(&seen, "/pods/shell-x7"), Some(Created));
    assert_eq!(kind(&seen, "shell-x7"), Some(Shown));
}
