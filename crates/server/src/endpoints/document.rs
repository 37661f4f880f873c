//! `/services/{id}/docs` and `/services/{id}/operations`: what describes a service.

use axum::Json;
use gaiterguard_domain::document::{Document, DocumentKind};
use gaiterguard_domain::id::{DocumentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::OperationRef;
use gaiterguard_gateway::{document, service};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::approval::action::OperationBody;
use super::editing::Editing;
use super::fields::LongFields;
use super::list::{Done, List, PageQuery, foreign_cursor};
use crate::extract::{ApiPath, ApiQuery};
use crate::openapi::responses::{InvalidBody, InvalidParameter, NotFound};
use crate::openapi::text::Title;
use crate::problem::Problem;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(delete))
        .routes(routes!(operations))
}

/// How a document's content is to be read.
#[derive(ToSchema)]
#[schema(as = DocumentType, rename_all = "snake_case")]
#[expect(dead_code, reason = "its variants are read by the schema alone")]
pub(crate) enum KindWord {
    Openapi,
    Markdown,
    Url,
}

/// A document that is to be added.
#[derive(ToSchema)]
#[schema(as = NewDocument)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct NewDocumentBody {
    /// How `content` is to be read.
    #[schema(value_type = KindWord)]
    r#type: String,
    /// What it is called.
    title: Option<Title>,
    /// The document as text, or the address to fetch it from. Up to 16 MB.
    #[schema(min_length = 1)]
    content: String,
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Document)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentBody {
    /// Its id.
    id: i64,
    /// The service that it describes.
    service_id: i64,
    /// How its content is read.
    #[schema(value_type = KindWord)]
    r#type: DocumentKind,
    /// What it is called.
    #[schema(required)]
    title: Option<String>,
    /// How many operations were understood.
    operations: u32,
    /// How many sections of text were understood.
    sections: u32,
    /// What could not be read.
    warnings: Vec<String>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Document> for DocumentBody {
    fn from(document: Document) -> Self {
        Self {
            id: document.id.0,
            service_id: document.service.0,
            r#type: document.kind,
            title: document.title,
            operations: document.operations,
            sections: document.sections,
            warnings: document.warnings,
            created_at: document.created_at,
        }
    }
}

/// A service's documents
#[utoipa::path(
    get,
    path = "/services/{id}/docs",
    operation_id = "listDocuments",
    tag = "services",
    params(("id" = i64, Path, description = "The service."), PageQuery),
    responses(
        (status = 200, description = "A page of them.", body = List<DocumentBody>),
        InvalidParameter, NotFound,
    )
)]
async fn list(
    editing: Editing,
    ApiPath(service): ApiPath<ServiceId>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<DocumentBody>>, Problem> {
    let all = document::list(editing.desk(), editing.workspace(), service).await?;
    let page = List::cut(all, &query, |document| document.id.0);
    page.map(Json).ok_or_else(foreign_cursor)
}

/// Add a document to a service
#[utoipa::path(
    post,
    path = "/services/{id}/docs",
    operation_id = "createDocument",
    tag = "services",
    params(("id" = i64, Path, description = "The service.")),
    request_body = NewDocumentBody,
    responses(
        (status = 201, description = "It is added.", body = DocumentBody),
        InvalidBody, NotFound,
    )
)]
async fn create(
    editing: Editing,
    ApiPath(service): ApiPath<ServiceId>,
    fields: LongFields<NewDocumentBody>,
) -> Result<(StatusCode, Json<DocumentBody>), Problem> {
    let document = editing
        .change(async |desk, editor| document::create(desk, editor, service, &fields.members).await)
        .await?;
    Ok((StatusCode::CREATED, Json(document.into())))
}

/// Remove a document
#[utoipa::path(
    delete,
    path = "/services/{id}/docs/{docId}",
    operation_id = "deleteDocument",
    tag = "services",
    params(
        ("id" = i64, Path, description = "The service."),
        ("docId" = i64, Path, description = "The document."),
    ),
    responses(
        (status = 200, description = "It is removed.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(
    editing: Editing,
    ApiPath((service, id)): ApiPath<(ServiceId, DocumentId)>,
) -> Result<Json<Done>, Problem> {
    editing
        .change(async |desk, editor| document::delete(desk, editor, service, id).await)
        .await?;
    Ok(Json(Done {
        message: "The document is removed.",
    }))
}

/// The operations of a service
///
/// Those that were read from its documents.
#[utoipa::path(
    get,
    path = "/services/{id}/operations",
    operation_id = "listOperations",
    tag = "services",
    params(("id" = i64, Path, description = "The service."), PageQuery),
    responses(
        (status = 200, description = "A page of them.", body = List<OperationBody>),
        InvalidParameter, NotFound,
    )
)]
async fn operations(
    editing: Editing,
    ApiPath(service): ApiPath<ServiceId>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<OperationBody>>, Problem> {
    service::get(editing.desk(), editing.workspace(), service).await?;
    // Documents are kept as they are and not taken apart into operations.
    let page = List::cut(Vec::<OperationRef>::new(), &query, |_| 0);
    page.map(Json).ok_or_else(foreign_cursor)
}
