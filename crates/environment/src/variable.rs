//! Reads and describes declared variables.

use std::fmt::Write as _;

use clap::builder::Styles;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Args, Command};

use crate::{InvalidEntry, SettingError, Source};

/// Description of a variable, from its declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    /// Its purpose, without the final period.
    pub description: String,
    pub default: Option<String>,
}

/// Reads the variables that `T` declares. Returns the first error.
pub fn read<T: Args>(source: &Source) -> Result<T, SettingError> {
    let declared = declared::<T>();
    let mut arguments = Vec::new();
    for argument in declared.get_arguments() {
        let value = source.get(&name(argument))?;
        if let Some(value) = value.filter(|value| !value.is_empty() || may_be_empty(argument)) {
            arguments.push(format!("--{}={value}", argument.get_id()));
        }
    }
    // Clap would read the environment again, without `.env`, and would take an empty value for one.
    let mut command = declared
        .clone()
        .mut_args(|argument| argument.env(None::<&str>));
    let matches = command.try_get_matches_from_mut(arguments);
    let read = matches.and_then(|matches| T::from_arg_matches(&matches));
    read.map_err(|error| {
        let argument = invalid_argument(&command, &error);
        let argument = argument.expect("an error of clap names the argument");
        let declared = declared
            .get_arguments()
            .find(|one| one.get_id() == argument.get_id());
        refused(declared.expect("it was declared"), &error, source)
    })
}

/// Returns the variables that `T` declares, in order.
pub fn variables<T: Args>() -> Vec<Variable> {
    let declared = declared::<T>();
    declared.get_arguments().map(Variable::of).collect()
}

/// Line width of [`help`].
const HELP_WIDTH: usize = 100;

/// Describes variables in the style of clap's help, under a title.
pub fn help(title: &str, variables: &[Variable]) -> String {
    let styles = Styles::styled();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = format!("{header}{title}:{header:#}\n");
    for variable in variables {
        let default = variable.default.as_deref();
        let default = default.map_or_else(String::new, |default| format!(" [default: {default}]"));
        let description = format!("{}{default}", variable.description);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {literal}{}{literal:#}", variable.name);
        for line in wrap(&description, "          ", HELP_WIDTH) {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// Breaks a text into lines of at most `width` bytes that begin with `indent`. A longer word has a
/// line of its own.
pub fn wrap(text: &str, indent: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

impl Variable {
    fn of(argument: &Arg) -> Self {
        let description = argument.get_long_help().or_else(|| argument.get_help());
        let defaults = argument.get_default_values().first();
        Self {
            name: name(argument),
            description: description.map(ToString::to_string).unwrap_or_default(),
            default: defaults
                .filter(|default| !default.is_empty())
                .map(|default| default.to_string_lossy().into_owned()),
        }
    }
}

/// Returns the variables as options that are named like their fields.
fn declared<T: Args>() -> Command {
    T::augment_args(Command::new("variables"))
        .no_binary_name(true)
        .disable_help_flag(true)
        .mut_args(|argument| {
            let id = argument.get_id().clone();
            argument.long(id)
        })
}

fn name(argument: &Arg) -> String {
    let name = argument.get_env().expect("every field names its variable");
    name.to_string_lossy().into_owned()
}

/// Returns whether an empty value is a value of its own.
fn may_be_empty(argument: &Arg) -> bool {
    argument
        .get_num_args()
        .is_some_and(|count| count.min_values() == 0)
}

/// Returns the argument that an error is about.
fn invalid_argument<'a>(command: &'a Command, error: &clap::Error) -> Option<&'a Arg> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    command
        .get_arguments()
        .find(|argument| argument.to_string() == *shown)
}

fn refused(argument: &Arg, error: &clap::Error, source: &Source) -> SettingError {
    let cause = std::error::Error::source(error);
    let expected = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(words)) => format!("one of {}", words.join(", ")),
        _ => cause.map_or_else(String::new, ToString::to_string),
    };
    let name = name(argument);
    if argument.is_hide_env_values_set() {
        return SettingError::invalid_secret(name, expected);
    }
    let given = match cause.and_then(|cause| cause.downcast_ref::<InvalidEntry>()) {
        Some(invalid) => &invalid.entry,
        None => source.get(&name).ok().flatten().unwrap_or_default(),
    };
    SettingError::invalid(name, expected, given)
}
