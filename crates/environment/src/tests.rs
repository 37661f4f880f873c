//! Tests of reading declared variables, whatever they are for.

use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};

use super::*;

#[derive(Debug, Args)]
struct Declared {
    /// Port to listen on.
    #[arg(env = "PORT", default_value = "3000", value_parser = value::port)]
    port: u16,
    /// Time to wait.
    #[arg(env = "WAIT", value_parser = value::duration)]
    wait: Option<Duration>,
    #[arg(env = "MODE", default_value = "plain_text", ignore_case = true)]
    mode: Mode,
    #[arg(env = "TOKEN", hide_env_values = true, value_parser = value::visible_secret)]
    token: Option<SecretString>,
    #[arg(env = "NAMES", default_value = "a,b", num_args = 0..=1)]
    names: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Mode {
    PlainText,
    Json,
}

fn declared(pairs: &[(&str, &str)]) -> Result<Declared, SettingError> {
    read(&Source::from_pairs(pairs.iter().copied()))
}

fn error(pairs: &[(&str, &str)]) -> String {
    declared(pairs).unwrap_err().to_string()
}

#[test]
fn an_unset_or_empty_variable_has_its_default() {
    for pairs in [
        &[][..],
        &[("PORT", ""), ("WAIT", " "), ("MODE", ""), ("TOKEN", "\t")],
    ] {
        let declared = declared(pairs).unwrap();
        assert_eq!(declared.port, 3000);
        assert_eq!(declared.wait, None);
        assert_eq!(declared.mode, Mode::PlainText);
        assert!(declared.token.is_none());
        assert_eq!(declared.names, "a,b");
    }
}

#[test]
fn a_value_may_look_like_an_option_and_is_trimmed() {
    let declared = declared(&[
        ("PORT", " 80\n"),
        ("MODE", "JSON"),
        ("TOKEN", "--port=1"),
        ("NAMES", "-x y=z"),
    ])
    .unwrap();
    assert_eq!(declared.port, 80);
    assert_eq!(declared.mode, Mode::Json);
    assert_eq!(declared.token.unwrap().expose_secret(), "--port=1");
    assert_eq!(declared.names, "-x y=z");
}

#[test]
fn an_empty_list_is_a_value() {
    assert_eq!(declared(&[("NAMES", " ")]).unwrap().names, "");
}

#[test]
fn an_error_names_the_variable_and_what_it_must_be_but_no_secret() {
    for (variable, value, line) in [
        (
            "PORT",
            "x",
            r#"PORT must be a port from 1 to 65535, not "x""#,
        ),
        (
            "WAIT",
            "1",
            r#"WAIT must be a duration such as 30s, 15m, 12h, or 7d, from 1 second to 10 years, not "1""#,
        ),
        (
            "MODE",
            "xml",
            r#"MODE must be one of plain_text, json, not "xml""#,
        ),
        (
            "TOKEN",
            "hunter2 hunter2",
            "TOKEN must be visible ASCII characters without spaces",
        ),
    ] {
        assert_eq!(error(&[(variable, value)]), line);
    }
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_unicode_is_refused_without_showing_it() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let pair = (
        OsString::from("TOKEN"),
        OsString::from_vec(vec![b'h', 0xff]),
    );
    let error = read::<Declared>(&Source::from_pairs([pair])).unwrap_err();
    assert_eq!(error.to_string(), "TOKEN must be UTF-8 text");
}

#[test]
fn the_environment_wins_over_the_file_even_if_it_is_empty() {
    let source = Source::from_pairs([("PORT", "4000"), ("WAIT", "")])
        .with_file("# comment\nPORT=5000\nWAIT=1s\nexport MODE=\"json\"\n")
        .unwrap();
    let declared: Declared = read(&source).unwrap();
    assert_eq!(declared.port, 4000);
    assert_eq!(declared.wait, None);
    assert_eq!(declared.mode, Mode::Json);
}

#[test]
fn a_broken_line_of_the_file_is_named_and_not_shown() {
    let source = Source::default().with_file("PORT=5000\n\nhunter2 is here\n");
    let error = source.err().unwrap().to_string();
    assert_eq!(error, "line 3 of the .env file must be NAME=value");
}

#[test]
fn help_describes_every_variable_and_shows_no_value() {
    let text = help("Variables", &variables::<Declared>());
    assert!(text.contains("PORT"), "{text}");
    assert!(text.contains("Port to listen on [default: 3000]"), "{text}");
    for variable in variables::<Declared>() {
        assert!(text.contains(&variable.name), "{text}");
    }
}

#[test]
fn long_texts_are_wrapped_between_words() {
    assert_eq!(
        wrap("one two three incomprehensibilities", "# ", 12),
        ["# one two", "# three", "# incomprehensibilities"]
    );
    assert_eq!(wrap("one two", "# ", 9), ["# one two"]);
}
