//! `/services/{id}/docs` and `/services/{id}/operations`: what describes a service.

use axum::Json;
use gaiterguard_apidocs::{Field, Operation, Parameter, Place};
use gaiterguard_definitions::{document, service};
use gaiterguard_domain::document::{Document, DocumentKind};
use gaiterguard_domain::id::{DocumentId, ServiceId};
use gaiterguard_domain::service::Service;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_gateway::operation_effect;
use gaiterguard_store::Stored;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::fields::LongFields;
use super::list::{Cursor, Done, Limit, List, PageQuery, SearchText, each, foreign_cursor};
use super::words::OperationEffectWord;
use crate::extract::{ApiPath, ApiQuery};
use crate::openapi::responses::{Conflict, InvalidBody, InvalidParameter, NotFound};
use crate::openapi::text::Title;
use crate::problem::Problem;

/// How many fields of an operation's body are listed.
const FIELDS_MAX: usize = 200;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(delete))
        .routes(routes!(refresh))
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
    /// The document as text, or the address to fetch it from. Up to 16 MB. What is fetched may be
    /// a description of an API, Markdown or a page of HTML.
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
    /// Whether what is stored of it is damaged. Then its title, as far as that can be read, and when it
    /// was added are all that is known of it; the other fields say nothing. The agents of the workspace
    /// may be refused until it is removed or repaired.
    unreadable: bool,
    /// The service that it describes.
    service_id: i64,
    /// How its content is read.
    #[schema(value_type = KindWord)]
    r#type: DocumentKind,
    /// What it is called: as the operator says, else as it calls itself.
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
            unreadable: false,
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

impl From<(Stored<Document>, ServiceId)> for DocumentBody {
    fn from((found, service): (Stored<Document>, ServiceId)) -> Self {
        match found {
            Stored::Intact(document) => document.into(),
            Stored::Damaged(damaged) => Self {
                id: damaged.id,
                unreadable: true,
                service_id: service.0,
                r#type: DocumentKind::Markdown,
                title: Some(damaged.name).filter(|title| !title.is_empty()),
                operations: 0,
                sections: 0,
                warnings: Vec::new(),
                created_at: damaged.created_at,
            },
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
    let all = all.into_iter().map(|found| (found, service)).collect();
    let page = List::cut(all, &query, |(found, _)| match found {
        Stored::Intact(document) => document.id.0,
        Stored::Damaged(damaged) => damaged.id,
    });
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
        InvalidBody, NotFound, Conflict,
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

/// Read a document anew
///
/// One that has an address is fetched from there again. If that fails, or what is found cannot be
/// read, the document stays as it was.
#[utoipa::path(
    post,
    path = "/services/{id}/docs/{docId}/refresh",
    operation_id = "refreshDocument",
    tag = "services",
    params(
        ("id" = i64, Path, description = "The service."),
        ("docId" = i64, Path, description = "The document."),
    ),
    responses(
        (status = 200, description = "It has been read anew.", body = DocumentBody),
        InvalidParameter, NotFound, Conflict,
    )
)]
async fn refresh(
    editing: Editing,
    ApiPath((service, id)): ApiPath<(ServiceId, DocumentId)>,
) -> Result<Json<DocumentBody>, Problem> {
    let document = editing
        .change(async |desk, editor| document::refresh(desk, editor, service, id).await)
        .await?;
    Ok(Json(document.into()))
}

/// Which operations of a service.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OperationsQuery {
    /// Words that an operation has, or a part of its id or path. Those that fit best come first.
    #[param(value_type = Option<String>, max_length = 200, pattern = "^[^\\u0000]*$")]
    q: Option<SearchText>,
    /// Only operations with this effect.
    #[param(inline, value_type = Option<OperationEffectWord>)]
    effect: Option<OperationEffectWord>,
    /// How many items at most.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>, min_length = 1, max_length = 512)]
    cursor: Option<Cursor>,
}

/// A documented operation, as a list shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
struct ListedOperation {
    /// The document's operation id, or else `METHOD /template`.
    id: String,
    /// Its method.
    method: String,
    /// Its path, with the names of its parameters in braces.
    path: String,
    /// What the document says it does.
    #[schema(required)]
    summary: Option<String>,
    /// What the document says it does, at length.
    #[schema(required)]
    description: Option<String>,
    /// The document's tags for it.
    tags: Vec<String>,
    /// Whether the document calls it deprecated.
    deprecated: bool,
    /// What a call of it does, as the built-in assessor reads its method, its path and its
    /// documentation. What a call carries may make it graver.
    effect: OperationEffectWord,
    /// What it takes in path, query and headers.
    parameters: Vec<ParameterBody>,
    /// What it takes in its body, outer fields first; at most 200.
    fields: Vec<FieldBody>,
}

/// A documented parameter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperationParameter)]
struct ParameterBody {
    /// Its name.
    name: String,
    /// Where it stands.
    #[schema(value_type = PlaceWord)]
    place: Place,
    /// What it means.
    #[schema(required)]
    description: Option<String>,
    /// The JSON type of its value, if the document names exactly one.
    #[schema(required)]
    kind: Option<String>,
    /// The values it may have; empty if the document lists none.
    values: Vec<String>,
    /// Whether it must be given.
    required: bool,
}

/// Where a parameter stands.
#[derive(ToSchema)]
#[schema(as = ParameterPlace, rename_all = "snake_case")]
#[expect(dead_code, reason = "its variants are read by the schema alone")]
enum PlaceWord {
    Path,
    Query,
    Header,
    Cookie,
}

/// A documented field of a body.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperationField)]
struct FieldBody {
    /// Its JSON pointer, with `*` for the members of a list.
    #[schema(example = "/items/*/price")]
    pointer: String,
    /// What it means.
    #[schema(required)]
    description: Option<String>,
    /// Its JSON type, if the document names exactly one.
    #[schema(required)]
    kind: Option<String>,
    /// The values it may have; empty if the document lists none.
    values: Vec<String>,
    /// Whether the object that holds it must have it.
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
            effect: operation_effect::of(service, operation).into(),
            id: operation.id.clone(),
            method: operation.method.clone(),
            path: operation.template.clone(),
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

/// The operations of a service
///
/// Those that were read from its documents.
#[utoipa::path(
    get,
    path = "/services/{id}/operations",
    operation_id = "listOperations",
    tag = "services",
    params(("id" = i64, Path, description = "The service."), OperationsQuery),
    responses(
        (status = 200, description = "A page of them.", body = List<ListedOperation>),
        InvalidParameter, NotFound, Conflict,
    )
)]
async fn operations(
    editing: Editing,
    ApiPath(id): ApiPath<ServiceId>,
    ApiQuery(query): ApiQuery<OperationsQuery>,
) -> Result<Json<List<ListedOperation>>, Problem> {
    let service = service::get(editing.desk(), editing.workspace(), id).await?;
    let authority = editing.gateway().authority();
    authority.documents_read(editing.workspace(), id).await?;
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
                .is_none_or(|wanted| wanted == operation_effect::of(service, operation).into())
        })
        .collect();
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let page = List::cut(numbered, &page, |(number, ..)| *number);
    page.map(Json).ok_or_else(foreign_cursor)
}
