//! The keys under which a request is recorded, so that similar ones are found.

use gaiterguard_domain::evidence::Fields;
use gaiterguard_domain::familiarity::{OperationKey, RecipientsKey};
use gaiterguard_domain::id::{ServiceId, WorkspaceId};
use gaiterguard_domain::verdict::OperationRef;
use gaiterguard_history::HashKey;
use gaiterguard_judge::path_template;
use gaiterguard_summary::Summary;

use crate::Familiarity;

/// Returns the key of the operation that a request calls: the documented one, or else the method and the
/// path without identifiers.
pub fn operation_key(
    service: ServiceId,
    method: &str,
    path: &str,
    documented: Option<&OperationRef>,
) -> OperationKey {
    let fields = Fields::new("gaiterguard.operation.v1")
        .number(service.0)
        .text(method)
        .text(documented.map(|operation| &*operation.id));
    let fields = match documented {
        Some(_) => fields,
        None => fields.text(&*path_template(path)),
    };
    OperationKey::of(fields.finish())
}

impl Familiarity {
    /// Returns the key of the recipients of a request to a service; `None` if it names no recipient, or
    /// if not all of them are known. It changes with `ENCRYPTION_SECRET`: then every recipient counts as new.
    pub fn recipients_key(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
        summary: &Summary,
    ) -> Option<RecipientsKey> {
        let recipients = summary.recipients.as_ref()?;
        let key = HashKey::new(self.sealing.derived_key("recipients"));
        let scope = (workspace.0, service.0);
        Some(RecipientsKey(key.hash_texts(scope, recipients)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documented(id: &str) -> OperationRef {
        OperationRef {
            id: id.to_owned(),
            summary: None,
            tags: Vec::new(),
            deprecated: false,
        }
    }

    #[test]
    fn requests_to_one_operation_have_one_key() {
        let refund = |service, path| operation_key(ServiceId(service), "POST", path, None);
        let one = refund(1, "/v1/charges/ch_1234/refund");
        assert_eq!(one, refund(1, "/v1/charges/ch_9876/refund"));
        for other in [
            refund(2, "/v1/charges/ch_1234/refund"),
            refund(1, "/v1/charges/ch_1234/capture"),
            operation_key(ServiceId(1), "PUT", "/v1/charges/ch_1234/refund", None),
        ] {
            assert_ne!(one, other);
        }
        let named = |id, path| operation_key(ServiceId(1), "POST", path, Some(&documented(id)));
        assert_eq!(named("pay", "/pay/one"), named("pay", "/pay/two/three"));
        assert_ne!(named("pay", "/pay/one"), named("refund", "/pay/one"));
    }
}
