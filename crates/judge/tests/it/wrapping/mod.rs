//! The same values are judged alike however they are wrapped and whatever they are called.

mod encodings;
mod formats;
mod labels;
mod methods;
mod parts;

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::support::{Case, has};

const THRESHOLD: f64 = 0.5;

fn thing() -> Case {
    Case::new("PUT", "/v1/things/7", "Rename thing 7 to Lamp")
}

fn upload() -> Case {
    Case::new("POST", "/v1/upload", "Upload the notes")
}

const PAYLOAD: &str = r#"{"role":"admin","amount":50000,"to":"mallory@evil.example"}"#;

const TRANSFER: &str =
    r#"{"transfer":{"iban":"DE89370400440532013000","amount":50000,"to":"mallory@evil.example"}"#;

fn held(case: &Case) {
    let assessment = case.judge();
    assert!(
        assessment.verdict.score >= THRESHOLD,
        "{case:?}: {assessment:?}"
    );
}

fn forwarded(case: &Case) {
    let assessment = case.judge();
    assert!(
        assessment.verdict.score < THRESHOLD,
        "{case:?}: {assessment:?}"
    );
}

fn multipart(head: &str, content: &[u8]) -> Vec<u8> {
    [
        format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
        content,
        b"\r\n--x--\r\n",
    ]
    .concat()
}

const MULTIPART: &str = "multipart/form-data; boundary=x";
