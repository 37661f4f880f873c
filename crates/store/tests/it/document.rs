//! Documents.

use gaiterguard_domain::document::{DocumentFormat, DocumentKind};
use gaiterguard_domain::id::{DocumentId, ServiceId};
use gaiterguard_store::{Abandoned, DocumentReading, DocumentVersion, NewDocument, Store, Stored};

use crate::support::{Database, NOW, World, audit, on_both, sealed};

on_both!(documents_belong_to_services,);

async fn documents_belong_to_services(_: &Database, store: &Store) {
    let World {
        workspace,
        service,
        data_key,
        ..
    } = World::new(store).await;
    let new = NewDocument {
        kind: DocumentKind::Openapi,
        title: Some("the API".to_owned()),
        reading: DocumentReading {
            format: DocumentFormat::Openapi,
            operations: 3,
            sections: 4,
            warnings: vec!["odd".to_owned()],
        },
    };
    let document = store
        .document_create(
            workspace,
            service,
            &new,
            NOW,
            |_| Ok(sealed(data_key, "text")),
            |_| audit(),
        )
        .await
        .unwrap()
        .unwrap();
    let nowhere = store
        .document_create(
            workspace,
            ServiceId(99),
            &new,
            NOW,
            |_| Err(Abandoned),
            |_| audit(),
        )
        .await
        .unwrap();
    assert_eq!(nowhere, None);
    let content = store.document_content(document.id).await.unwrap();
    assert_eq!(content, Some(sealed(data_key, "text")));
    let listed = store.document_list(workspace, service).await.unwrap();
    assert_eq!(listed, [Stored::Intact(document.clone())]);
    let reading = DocumentReading::default();
    let fetched = sealed(data_key, "newer text");
    let read = store
        .document_update_reading(
            workspace,
            document.id,
            &reading,
            Some(&fetched),
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert_eq!(read, Some(2));
    let read = store
        .document_get(workspace, document.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (read.operations, read.sections, read.warnings.len()),
        (0, 0, 0)
    );
    assert_eq!(
        store.document_content(document.id).await.unwrap(),
        Some(fetched)
    );
    let missing = store
        .document_update_reading(workspace, DocumentId(99), &reading, None, NOW, audit())
        .await
        .unwrap();
    assert_eq!(missing, None);
    let known = store.authority_load(workspace).await.unwrap().unwrap();
    let version = DocumentVersion {
        id: document.id,
        service,
        kind: new.kind,
        version: 2,
    };
    assert_eq!(known.documents, [version]);
    for (service, deleted) in [(ServiceId(99), false), (service, true), (service, false)] {
        let done = store
            .document_delete(workspace, service, document.id, NOW, audit())
            .await
            .unwrap();
        assert_eq!(done, deleted);
    }
}
