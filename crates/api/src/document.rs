//! `/services/{id}/docs` and `/services/{id}/operations`: documentation of a service.

use axum::Json;
use gaiterguard_apidocs::{Field, Operation, Parameter, Place};
use gaiterguard_assessment::effect_of;
use gaiterguard_definitions::document::{self, NewDocument};
use gaiterguard_definitions::service;
use gaiterguard_domain::document::{
    DOCUMENT_BYTES_MAX, Document, DocumentFormat, DocumentKind, SELECTED_BYTES_MAX,
};
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::id::{DocumentId, ServiceId};
use gaiterguard_domain::service::Service;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_problem::Code;
use gaiterguard_store::Stored;
use gaiterguard_web::extract::{ApiPath, ApiQuery, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{
    Conflict, CredentialRefused, InvalidBody, InvalidParameter, NotFound,
};
use gaiterguard_web::session::with_session;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::list::{Done, List, PageQuery, SearchText, each};

/// Maximum number of body fields listed per operation. It bounds a page of 200 operations; few operations have more
/// fields.
const FIELDS_MAX: usize = 200;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .merge(with_session(
            Permission::Read,
            OpenApiRouter::new()
                .routes(routes!(list))
                .routes(routes!(operations)),
        ))
        .merge(with_session(
            Permission::Define,
            OpenApiRouter::new()
                .routes(routes!(create))
                .routes(routes!(delete))
                .routes(routes!(refresh)),
        ))
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Document)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentBody {
    /// Unique identifier.
    id: i64,
    /// Whether the stored document is damaged. If so, only `title` (as far as it is readable) and
    /// `createdAt` are valid. Requests of the workspace's agents may be refused until the document
    /// is deleted or repaired.
    unreadable: bool,
    /// The service that it documents.
    service_id: i64,
    /// Format of the content.
    r#type: DocumentKind,
    /// Detected format of the document. Null for a document with a URL that was added by an earlier version
    /// of the gateway, until it is refreshed.
    #[schema(required)]
    format: Option<DocumentFormat>,
    /// Title given by the operator, or else the title in the document.
    #[schema(required)]
    title: Option<String>,
    /// Number of operations found.
    operations: u32,
    /// Number of text sections found.
    sections: u32,
    /// Parts that could not be read, and notes on how the document was read. Never empty if `operations`
    /// is 0.
    warnings: Vec<String>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Document> for DocumentBody {
    fn from(document: Document) -> Self {
        Self {
            id: document.id.0,
            unreadable: false,
            service_id: document.service.0,
            r#type: document.kind,
            format: document.format.or(match document.kind {
                DocumentKind::Openapi => Some(DocumentFormat::Openapi),
                DocumentKind::Markdown => Some(DocumentFormat::Markdown),
                DocumentKind::Html => Some(DocumentFormat::Html),
                DocumentKind::Url => None,
            }),
            title: document.title,
            operations: document.operations,
            sections: document.sections,
            warnings: document.warnings,
            created_at: document.created_at,
        }
    }
}

impl From<(Stored<Document>, ServiceId)> for DocumentBody {
    fn from((found, service): (Stored<Document>, ServiceId)) -> Self {
        match found {
            Stored::Intact(document) => document.into(),
            Stored::Damaged(damaged) => Self {
                id: damaged.id,
                unreadable: true,
                service_id: service.0,
                r#type: DocumentKind::Markdown,
                format: None,
                title: Some(damaged.name).filter(|title| !title.is_empty()),
                operations: 0,
                sections: 0,
                warnings: Vec::new(),
                created_at: damaged.created_at,
            },
        }
    }
}

/// List documents
///
/// Returns the documents with the number of operations and sections found in each, and any warnings.
#[utoipa::path(
    get,
    path = "/services/{id}/docs",
    operation_id = "listDocuments",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service."), PageQuery),
    responses(
        (status = 200, description = "A page of documents.", body = List<DocumentBody>),
        InvalidParameter, NotFound,
    )
)]
async fn list(
    editing: Editing,
    ApiPath(service): ApiPath<ServiceId>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<DocumentBody>>, Problem> {
    let all = document::list(editing.definition_store(), editing.workspace(), service).await?;
    let all = all.into_iter().map(|found| (found, service)).collect();
    let page = List::cut(all, &query, |(found, _)| match found {
        Stored::Intact(document) => document.id.0,
        Stored::Damaged(damaged) => damaged.id,
    });
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}

/// Add a document
///
/// Reads an API description (OpenAPI, Swagger, Google Discovery, or a Postman collection) or text. With
/// `type` `url`, the gateway fetches the document. If the URL leads to a web page that shows an API
/// description (such as Swagger UI or the page of a file on a code host), the gateway finds and fetches
/// the description; `warnings` contains its URL. If no operations are found, `warnings` says why.
#[utoipa::path(
    post,
    path = "/services/{id}/docs",
    operation_id = "createDocument",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service.")),
    request_body = NewDocument,
    responses(
        (status = 201, description = "The new document.", body = DocumentBody),
        InvalidBody, NotFound, Conflict, CredentialRefused,
    )
)]
async fn create(
    editing: Editing,
    ApiPath(service): ApiPath<ServiceId>,
    new: Result<Fields<NewDocument, DOCUMENT_BYTES_MAX>, Problem>,
) -> Result<(StatusCode, Json<DocumentBody>), Problem> {
    let Fields(new) = new.map_err(with_advice)?;
    let document = editing
        .change_documents(async |store, editor| document::create(store, editor, service, new).await)
        .await?;
    Ok((StatusCode::CREATED, Json(document.into())))
}

/// Says what to do about a document that is too large for a request.
fn with_advice(problem: Problem) -> Problem {
    if problem.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return problem;
    }
    Problem::new(
        Code::PayloadTooLarge,
        format!(
            "the request body is longer than the limit of {DOCUMENT_BYTES_MAX} bytes; split the document, or \
             let the gateway fetch it from a URL and read a part of it: use the type url, and set include \
             to tags or paths (up to {SELECTED_BYTES_MAX} bytes)"
        ),
    )
}

/// Delete a document
///
/// Its operations and sections are removed from the service.
#[utoipa::path(
    delete,
    path = "/services/{id}/docs/{docId}",
    operation_id = "deleteDocument",
    tag = "services",
    params(
        ("id" = i64, Path, description = "ID of the service."),
        ("docId" = i64, Path, description = "ID of the document."),
    ),
    responses(
        (status = 200, description = "The document was deleted.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(
    editing: Editing,
    ApiPath((service, id)): ApiPath<(ServiceId, DocumentId)>,
) -> Result<Json<Done>, Problem> {
    editing
        .change_documents(async |store, editor| document::delete(store, editor, service, id).await)
        .await?;
    Ok(Json(Done {
        message: "Document deleted.",
    }))
}

/// Refresh a document
///
/// Reads the document again. A document with a URL is fetched again. If that fails or the content
/// is unreadable, the document stays unchanged.
#[utoipa::path(
    post,
    path = "/services/{id}/docs/{docId}/refresh",
    operation_id = "refreshDocument",
    tag = "services",
    params(
        ("id" = i64, Path, description = "ID of the service."),
        ("docId" = i64, Path, description = "ID of the document."),
    ),
    responses(
        (status = 200, description = "The refreshed document.", body = DocumentBody),
        InvalidParameter, NotFound, Conflict, CredentialRefused,
    )
)]
async fn refresh(
    editing: Editing,
    ApiPath((service, id)): ApiPath<(ServiceId, DocumentId)>,
) -> Result<Json<DocumentBody>, Problem> {
    let document = editing
        .change_documents(async |store, editor| document::refresh(store, editor, service, id).await)
        .await?;
    Ok(Json(document.into()))
}

/// Filters of the operation list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OperationsQuery {
    /// Words to search for, or part of an operation's ID or path. Best matches come first.
    #[param(value_type = Option<String>, max_length = 200, pattern = "^[^\\u0000]*$")]
    q: Option<SearchText>,
    /// Return only operations with this effect.
    #[param(inline, value_type = Option<Effect>)]
    effect: Option<Effect>,
}

/// A documented operation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
struct ListedOperation {
    /// Operation ID in the document, or else `METHOD /template`.
    id: String,
    /// HTTP method.
    method: String,
    /// Path, with parameter names in braces.
    path: String,
    /// Path to send through the gateway: relative to the service's base URL, with parameter names in
    /// braces.
    call_path: String,
    /// Summary in the document.
    #[schema(required)]
    summary: Option<String>,
    /// Description in the document.
    #[schema(required)]
    description: Option<String>,
    /// Tags in the document.
    tags: Vec<String>,
    /// Whether the document marks it as deprecated.
    deprecated: bool,
    /// Effect of a call, derived by the built-in assessor from method, path, and documentation. The
    /// content of a call can make its effect more severe.
    effect: Effect,
    /// Path, query, header, and cookie parameters.
    parameters: Vec<ParameterBody>,
    /// Body fields, outer fields first. At most 200.
    fields: Vec<FieldBody>,
}

/// A documented parameter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperationParameter)]
struct ParameterBody {
    /// Name.
    name: String,
    /// Location.
    place: Place,
    /// Description.
    #[schema(required)]
    description: Option<String>,
    /// JSON type, if the document names exactly one.
    #[schema(required)]
    kind: Option<String>,
    /// Allowed values; empty if the document lists none.
    values: Vec<String>,
    /// Whether it is required.
    required: bool,
}

/// A documented body field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperationField)]
struct FieldBody {
    /// JSON Pointer, with `*` for the items of an array.
    #[schema(example = "/items/*/price")]
    pointer: String,
    /// Description.
    #[schema(required)]
    description: Option<String>,
    /// JSON type, if the document names exactly one.
    #[schema(required)]
    kind: Option<String>,
    /// Allowed values; empty if the document lists none.
    values: Vec<String>,
    /// Whether the enclosing object requires it.
    required: bool,
}

impl From<Parameter> for ParameterBody {
    fn from(parameter: Parameter) -> Self {
        Self {
            name: parameter.name,
            place: parameter.place,
            description: parameter.description,
            kind: parameter.kind,
            values: parameter.values,
            required: parameter.required,
        }
    }
}

impl From<Field> for FieldBody {
    fn from(field: Field) -> Self {
        Self {
            pointer: field.pointer,
            description: field.description,
            kind: field.kind,
            values: field.values,
            required: field.required,
        }
    }
}

impl From<(i64, &Operation, &Service)> for ListedOperation {
    fn from((_, operation, service): (i64, &Operation, &Service)) -> Self {
        Self {
            effect: effect_of(service, operation),
            id: operation.id.clone(),
            method: operation.method.clone(),
            path: operation.template.clone(),
            call_path: operation.call_path(service.base_url.path()),
            summary: operation.summary.clone(),
            description: operation.description.clone(),
            tags: operation.tags.clone(),
            deprecated: operation.deprecated,
            parameters: each(operation.parameters.clone()),
            fields: operation
                .body
                .fields
                .iter()
                .take(FIELDS_MAX)
                .cloned()
                .map(Into::into)
                .collect(),
        }
    }
}

/// List operations of a service
///
/// Returns the operations found in the service's documents.
#[utoipa::path(
    get,
    path = "/services/{id}/operations",
    operation_id = "listOperations",
    tag = "services",
    params(("id" = i64, Path, description = "ID of the service."), OperationsQuery, PageQuery),
    responses(
        (status = 200, description = "A page of operations.", body = List<ListedOperation>),
        InvalidParameter, NotFound, Conflict,
    )
)]
async fn operations(
    editing: Editing,
    ApiPath(id): ApiPath<ServiceId>,
    ApiQuery(query): ApiQuery<OperationsQuery>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<List<ListedOperation>>, Problem> {
    let service = service::get(editing.definition_store(), editing.workspace(), id).await?;
    let authority = editing.gateway().authority();
    let reading = authority.documents_read(editing.workspace(), id);
    reading.await.map_err(Refusal::from)?;
    let definitions = editing.definitions();
    let catalog = definitions.as_ref().and_then(|known| known.catalog(id));
    let words = query.q.as_ref().map_or("", SearchText::as_str);
    let found = catalog.map(|catalog| catalog.search_operations(words, usize::MAX));
    let numbered = (1..)
        .zip(found.into_iter().flatten())
        .map(|(number, operation)| (number, operation, &service))
        .filter(|(_, operation, service)| {
            query
                .effect
                .is_none_or(|wanted| wanted == effect_of(service, operation))
        })
        .collect();
    let page = List::cut(numbered, &page, |(number, ..)| *number);
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}
