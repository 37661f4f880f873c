//! A file of labeled requests.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::case::Case;

/// Reads every case of a file, one JSON object a line; blank lines are skipped. The error is a
/// sentence that names the file, the line and what is wrong with it.
pub(crate) fn read(file: &Path) -> Result<Vec<Case>, String> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let mut cases = Vec::new();
    let mut lines_by_id = HashMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let case = Case::read(line).map_err(|error| format!("{name}, line {number}: {error}"))?;
        if let Some(id) = &case.id
            && let Some(first) = lines_by_id.insert(id.clone(), number)
        {
            return Err(format!(
                "{name}, line {number}: `id` must be unique, but line {first} has `{id}` too"
            ));
        }
        cases.push(case);
    }
    if cases.is_empty() {
        return Err(format!("{name} contains no requests"));
    }
    Ok(cases)
}
