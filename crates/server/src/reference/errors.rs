//! The page of error codes.

use std::fmt::Write as _;

use gaiterguard_problem::Code;
use http::StatusCode;

use super::{cell, check_page};

const INTRODUCTION: &str = "# Error codes

<!-- Generated from crates/problem/src/code.rs: run `make reference`. -->

Every error of the gateway is `application/problem+json` (RFC 9457) with a stable `code`:

```json
{
  \"type\": \"/problems/invalid_target\",
  \"title\": \"Invalid target\",
  \"status\": 400,
  \"detail\": \"…\",
  \"code\": \"invalid_target\",
  \"error\": \"…\"
}
```

`error` repeats `detail` for older clients. A response of the upstream has this form only if the upstream sent
it that way; `X-Proxy-Status` distinguishes the two.

| code | status | meaning |
|---|---|---|
";

#[test]
fn the_page_of_error_codes_is_current() {
    let mut page = INTRODUCTION.to_owned();
    for code in Code::ALL {
        let statuses = code.statuses().iter().map(StatusCode::as_u16);
        let statuses: Vec<_> = statuses.map(|status| status.to_string()).collect();
        let (word, meaning) = (code.as_str(), cell(code.meaning()));
        writeln!(page, "| `{word}` | {} | {meaning} |", statuses.join(", ")).unwrap();
    }
    check_page("errors.md", &page);
}

#[test]
fn codes_are_sorted_and_unique() {
    assert!(Code::ALL.is_sorted_by(|one, next| one.as_str() < next.as_str()));
}
