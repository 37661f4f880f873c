//! The request to assess, and what is known about it.

use gaiterguard_history::History;
use gaiterguard_request::opened::Opened;

/// The request to assess, with everything that it is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The request, taken apart.
    pub opened: &'a Opened<'a>,
    /// The agent's stated purpose; empty if it gives none.
    pub intent: &'a str,
    /// The documents' description of it.
    pub documented: Documented<'a>,
    /// Earlier exchanges of the agent with the service; `None` if they are not known.
    pub history: Option<&'a dyn History>,
    /// When the request arrived, in seconds since 1970; `None` if it is not known.
    pub arrived: Option<i64>,
}

/// The description of a request in the service's documents.
#[derive(Clone, Copy, Debug, Default)]
pub enum Documented<'a> {
    /// The service has no document that lists operations.
    #[default]
    Nothing,
    /// The documents list operations, but not this one.
    Unknown,
    /// The request calls this operation.
    As(Operation<'a>),
}

/// The parts of a documented operation that the assessor reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Operation<'a> {
    /// The document's operation id, or else `METHOD /template`.
    pub id: &'a str,
    /// Its one-line summary.
    pub summary: &'a str,
    /// Its full description.
    pub description: &'a str,
    /// Its tags.
    pub tags: &'a [String],
    /// The names of the body's top-level fields; empty if they are not documented.
    pub fields: &'a [String],
    /// The JSON pointers of the body's fields, with `*` for the members of a list, and their descriptions. Only dangers
    /// are looked for in them.
    pub descriptions: &'a [(&'a str, &'a str)],
}
