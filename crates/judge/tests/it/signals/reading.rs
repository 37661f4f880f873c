//! The data that the request reads.

use super::pair::{THRESHOLD, pairs};
use crate::support::{Case, has};

pairs! {
    reading_secrets_is_held_where_reading_tasks_passes:
        "reads_secrets",
        |path| Case::new("GET", path, "Look at project 7"),
        holds "/projects/7/secrets", passes "/projects/7/tasks";
    searching_for_passwords_is_held_where_searching_for_lunch_passes:
        "searches_secrets",
        |path| Case::new("GET", path, "Find my lunch notes"),
        holds "/search?q=password", passes "/search?q=lunch";
    reading_a_diagnosis_is_held_where_reading_a_desk_passes:
        "reads_sensitive",
        |path| Case::new("GET", path, "Look up member 7"),
        holds "/members/7/diagnosis", passes "/members/7/desk";
    a_read_that_purges_is_held_where_one_that_counts_passes:
        "read_acts",
        |path| Case::new("GET", path, "How many drafts are older than 90 days?"),
        holds "/drafts?older_than=90d&action=purge", passes "/drafts?older_than=90d&action=count";
}

#[test]
fn sensitive_reads_are_held_and_ordinary_ones_pass() {
    let get = |path, intent| Case::new("GET", path, intent).judge();
    for (held, passes) in [
        (
            get(
                "/employees/salaries?limit=500",
                "Get the salaries of all employees",
            ),
            get("/tasks/7", "Look up task 7"),
        ),
        (
            get("/patients/7/medical-file", "Open the medical file"),
            get("/orders/7/items", "List the items of order 7"),
        ),
    ] {
        assert!(has(&held, "reads_sensitive"), "{held:?}");
        assert!(held.verdict.score >= THRESHOLD, "{held:?}");
        assert!(!has(&passes, "reads_sensitive"), "{passes:?}");
        assert!(passes.verdict.score < THRESHOLD, "{passes:?}");
    }
}
