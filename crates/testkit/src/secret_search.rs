//! Searches everything that a gateway stores, logs or returns for secrets, in every spelling that reveals
//! them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::client::{Call, Response};
use crate::database::Storage;
use crate::encoding::Encoding;
use crate::gateway::TestGateway;

/// Named texts and files in which secrets are searched.
#[derive(Default)]
pub struct SecretSearch {
    pieces: Vec<(String, Vec<u8>)>,
}

impl SecretSearch {
    /// Adds bytes under a name.
    pub fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.pieces.push((name.into(), bytes.into()));
    }

    /// Sends a call and adds the response.
    pub async fn ask(&mut self, what: &str, call: Call) -> Response {
        let response = call.send().await;
        self.add_response(what, &response);
        response
    }

    /// Adds a response: its status, headers and body.
    pub fn add_response(&mut self, what: &str, response: &Response) {
        let mut bytes = format!("{:?}\n", response.status).into_bytes();
        for (name, value) in &response.headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&response.body);
        self.add(format!("response to {what}"), bytes);
    }

    /// Collects everything that a gateway stores, except the files of generated secrets.
    pub async fn stored(gateway: &TestGateway) -> Self {
        let mut search = Self::default();
        search.add_folder(&gateway.data_dir(), &|name| !name.ends_with("_secret"));
        search.add_database(gateway).await;
        assert!(!search.pieces.is_empty());
        search
    }

    async fn add_database(&mut self, gateway: &TestGateway) {
        if gateway.storage() == Storage::Postgres {
            self.add_tables(&gateway.database_url()).await;
        }
    }

    fn add_folder(&mut self, folder: &Path, is_included: &dyn Fn(&str) -> bool) {
        for entry in fs::read_dir(folder).expect("the data folder can be listed") {
            let entry = entry.expect("the data folder can be listed");
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if path.is_dir() {
                self.add_folder(&path, is_included);
            } else if is_included(&name) {
                let bytes = fs::read(&path).expect("a file of the data folder can be read");
                self.add(name, bytes);
            }
        }
    }

    async fn add_tables(&mut self, database_url: &str) {
        let mut connection = PgConnection::connect(database_url)
            .await
            .expect("the database accepts connections");
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
                .fetch_all(&mut connection)
                .await
                .expect("the tables can be listed");
        assert!(tables.len() > 5, "{tables:?}");
        for table in tables {
            let query = format!("SELECT entry::text FROM {table} AS entry");
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query))
                .fetch_all(&mut connection)
                .await
                .expect("the table can be read");
            self.add(format!("table {table}"), rows.join("\n"));
        }
    }

    /// Returns each place where one of the named secrets was found, with its spelling.
    pub fn findings(&self, secrets: &[(String, String)]) -> Vec<String> {
        let patterns: Vec<(String, Vec<u8>)> = secrets
            .iter()
            .flat_map(|(name, secret)| {
                spellings(secret)
                    .into_iter()
                    .map(move |(spelling, bytes)| (format!("{name} ({spelling})"), bytes))
            })
            .collect();
        let searcher = AhoCorasick::new(patterns.iter().map(|(_, bytes)| bytes))
            .expect("the patterns are few and short");
        let mut findings: Vec<String> = self
            .pieces
            .iter()
            .flat_map(|(place, bytes)| {
                let patterns = &patterns;
                searcher.find_overlapping_iter(bytes).map(move |found| {
                    let from = found.start().saturating_sub(60);
                    let context = bytes[from..found.start()].escape_ascii();
                    let name = &patterns[found.pattern().as_usize()].0;
                    format!("{name} in {place} after \"{context}\"")
                })
            })
            .collect();
        findings.sort();
        findings.dedup();
        findings.truncate(40);
        findings
    }
}

/// Returns the spellings of a secret that reveal it, with their names.
fn spellings(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut spellings: Vec<(&'static str, Vec<u8>)> = vec![
        ("raw", secret.into()),
        ("JSON", Encoding::JsonEscaped.apply(secret).into()),
        ("percent", Encoding::PercentUpper.apply(secret).into()),
        ("percent", Encoding::PercentLower.apply(secret).into()),
        ("percent", percent_reserved(secret).into()),
        ("hex", hex::encode(secret).into()),
        ("hex", hex::encode_upper(secret).into()),
    ];
    // A secret of plain characters is spelled the same in several ways; the first name is enough.
    let mut known = HashSet::new();
    spellings.retain(|(_, bytes)| known.insert(bytes.clone()));
    for engine in [STANDARD, URL_SAFE] {
        // At each of the three offsets at which it can begin in the encoded bytes.
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(secret.as_bytes());
            let whole = bytes.len() / 3 * 3;
            let encoded = engine.encode(&bytes[..whole]);
            let own = &encoded[[0, 2, 3][before]..];
            spellings.push(("base64", own.into()));
            // PostgreSQL shows bytes in hexadecimal.
            spellings.push(("hex of base64", hex::encode(own).into()));
        }
    }
    spellings
}

/// Percent-encodes only the characters that URLs reserve.
pub fn percent_reserved(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
    }
    escaped
}

fn hex_digit(value: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(value)])
}

impl TestGateway {
    /// Searches the log, the data folder and the tables of this gateway for a secret and returns where it was
    /// found.
    pub async fn places_with(&self, secret: &str) -> Vec<String> {
        let mut search = SecretSearch::default();
        search.add_folder(&self.data_dir(), &|_| true);
        search.add_database(self).await;
        search.add("the log", self.logs());
        search.findings(&[("the secret".to_owned(), secret.to_owned())])
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::{SecretSearch, percent_reserved};
    use crate::encoding::Encoding;

    #[test]
    fn a_secret_is_found_in_every_spelling_at_every_offset() {
        let secret = "canary \"of\"/the test+é";
        let secrets = [("it".to_owned(), secret.to_owned())];
        let mut texts: Vec<String> = Encoding::ALL.map(|encoding| encoding.apply(secret)).into();
        texts.extend([percent_reserved(secret), hex::encode(secret)]);
        for user in ["", "a", "ab", "abc"] {
            texts.push(STANDARD.encode(format!("{user}{secret}:x")));
        }
        for text in texts {
            let mut search = SecretSearch::default();
            search.add("a file", format!("\u{0}before {text} after"));
            assert!(!search.findings(&secrets).is_empty(), "{text}");
        }
        let mut search = SecretSearch::default();
        search.add("a file", "no secret");
        assert!(search.findings(&secrets).is_empty());
    }
    #[test]
    fn a_secret_is_found_in_a_file_of_bytes_in_a_nested_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        let file = folder.path().join("below/data");
        std::fs::write(&file, b"\xff\x00s3cret-of-the-test\xfe").unwrap();
        let mut search = SecretSearch::default();
        search.add_folder(folder.path(), &|_| true);
        let secrets = [("it".to_owned(), "s3cret-of-the-test".to_owned())];
        assert_eq!(
            search.findings(&secrets),
            ["it (raw) in data after \"\\xff\\x00\""]
        );
    }
}
