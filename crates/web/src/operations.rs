//! The operations of a path.

use utoipa::openapi::PathItem;
use utoipa::openapi::path::Operation;

/// Returns the operations of all methods.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.options,
        &mut item.head,
        &mut item.patch,
    ];
    all.into_iter().flatten()
}
