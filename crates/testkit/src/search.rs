//! Looks through everything that a gateway keeps for something that must not be there.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sqlx::{Connection as _, PgConnection};

use crate::database::Storage;
use crate::gateway::TestGateway;

impl TestGateway {
    /// The places where `secret` can be read in what this gateway logged and stored, whether as it
    /// is or in hexadecimal or base64: log, files of the data folder, tables. None is good.
    pub async fn places_holding(&self, secret: &str) -> Vec<String> {
        let spellings = spellings(secret);
        let mut places = Vec::new();
        if spellings
            .iter()
            .any(|spelling| self.logs().contains(spelling))
        {
            places.push("the log".to_owned());
        }
        search_folder(&self.data_dir(), &spellings, &mut places);
        if self.storage() == Storage::Postgres {
            search_tables(&self.database_url(), &spellings, &mut places).await;
        }
        places
    }
}

fn spellings(secret: &str) -> Vec<String> {
    // The last characters of base64 depend on what follows, so they are left out.
    let base64 = |engine: &base64::engine::GeneralPurpose| {
        let whole = &secret.as_bytes()[..secret.len() / 3 * 3];
        engine.encode(whole)
    };
    vec![
        secret.to_owned(),
        hex::encode(secret),
        hex::encode_upper(secret),
        base64(&STANDARD_NO_PAD),
        base64(&URL_SAFE_NO_PAD),
    ]
}

fn search_folder(folder: &Path, spellings: &[String], places: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            search_folder(&path, spellings, places);
        } else if let Ok(bytes) = fs::read(&path)
            && spellings
                .iter()
                .any(|spelling| holds(&bytes, spelling.as_bytes()))
        {
            places.push(path.display().to_string());
        }
    }
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// A row as text shows its binary columns in hexadecimal.
async fn search_tables(database_url: &str, spellings: &[String], places: &mut Vec<String>) {
    let mut connection = PgConnection::connect(database_url)
        .await
        .expect("the database is there");
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&mut connection)
            .await
            .expect("the tables can be listed");
    assert!(
        !tables.is_empty(),
        "the gateway has made no tables in {database_url}"
    );
    for table in tables {
        let query =
            format!("SELECT count(*) FROM {table} AS entry WHERE strpos(entry::text, $1) > 0");
        for spelling in spellings {
            let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query.clone()))
                .bind(spelling)
                .fetch_one(&mut connection)
                .await
                .expect("the table can be searched");
            if count > 0 {
                places.push(format!("table {table}"));
            }
        }
    }
    connection.close().await.expect("the connection closes");
}

#[cfg(test)]
mod tests {
    use super::{search_folder, spellings};

    #[test]
    fn a_secret_is_found_in_each_spelling_inside_a_file_of_bytes() {
        for spelling in spellings("s3cret-of-the-test") {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("below")).unwrap();
            let file = folder.path().join("below/data");
            std::fs::write(&file, [b"\xff\x00", spelling.as_bytes(), b"\xfe"].concat()).unwrap();
            let mut places = Vec::new();
            search_folder(folder.path(), &spellings("s3cret-of-the-test"), &mut places);
            assert_eq!(places, [file.display().to_string()]);
        }
    }
}
