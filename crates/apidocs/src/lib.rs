//! What is documented: descriptions of upstream APIs, and which documented operation a request
//! calls.
//!
//! Pure: text comes in, operations and sections come out. It knows no socket, file or database.
