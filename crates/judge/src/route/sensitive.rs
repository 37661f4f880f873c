//! Paths to what runs and to what is secret.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use gaiterguard_text::words::{self, stem};

use super::Route;
use super::segment::{Kind, words_decoded};
use crate::lexicon;

/// Files and folders whose content is run by someone else's machine.
const RUN_PLACES: &[&str] = &[
    ".github/workflows",
    ".github/actions",
    ".gitlab-ci",
    "jenkinsfile",
    "dockerfile",
    "docker-compose",
    ".circleci",
    "azure-pipelines",
    "buildspec.y",
    "/makefile",
    ".bashrc",
    ".profile",
    ".zshrc",
    "authorized_keys",
    "/.ssh/",
    "crontab",
    "/cron.d/",
    ".git/hooks",
    "package.json",
    "setup.py",
    "main.tf",
    "/etc/",
    "codeowners",
];

static RUN_PLACE_FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(RUN_PLACES)
        .expect("the list is short, so its automaton fits into memory")
});

impl Route<'_> {
    /// Returns a file or folder in the path whose content is run.
    pub(crate) fn run_place(path: &str) -> Option<&'static str> {
        let found = RUN_PLACE_FINDER.find(&*words_decoded(path))?;
        RUN_PLACES.get(found.pattern().as_usize()).copied()
    }

    /// A segment that stands for secrets: the one the request is about by its last word, any
    /// other only as a whole.
    pub(crate) fn secret_place(&self) -> Option<String> {
        const FILES: [&str; 7] = [
            ".env",
            "id_rsa",
            ".pem",
            "credentials.json",
            ".npmrc",
            ".pgpass",
            ".htpasswd",
        ];
        const COMPOUNDS: [&str; 7] = [
            "apikey",
            "privatekey",
            "accesskey",
            "secretkey",
            "securitycredential",
            "clientsecret",
            "sshkey",
        ];
        self.segments
            .iter()
            .enumerate()
            .find_map(|(number, segment)| {
                let lower = segment.text.to_ascii_lowercase();
                let squeezed: String = lower.chars().filter(char::is_ascii_alphabetic).collect();
                let squeezed = squeezed.trim_end_matches('s');
                let is_file = FILES.iter().any(|name| lower.ends_with(name));
                let is_place = segment.kind == Kind::Words
                    && (lexicon::is_secret_place(stem(squeezed)) || COMPOUNDS.contains(&squeezed));
                let is_last = Some(number) == self.tail
                    && words::of_name(&lower)
                        .last()
                        .is_some_and(|word| lexicon::is_secret_place(stem(word)));
                (is_file || is_place || is_last).then_some(lower)
            })
    }
}
