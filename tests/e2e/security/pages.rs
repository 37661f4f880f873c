//! Injected markup in one of the gateway's own pages runs no script and reaches no other origin, and no other site
//! shows the pages in a frame.

use gaiterguard_testkit::{Storage, TestGateway};

/// The policy of pages. It has neither `unsafe-inline` nor `unsafe-eval`, nor another origin.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The policy of all other responses, which load nothing.
const DATA_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn every_page_forbids_inline_scripts_frames_and_other_origins() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    for path in ["/app/", "/app/services/1", "/docs"] {
        let page = gateway.client().get(path).send().await.expect_status(200);
        assert!(
            page.header("content-type")
                .unwrap()
                .starts_with("text/html"),
            "{path}"
        );
        assert_eq!(
            page.headers("content-security-policy"),
            [PAGE_POLICY],
            "{path}"
        );
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(
            page.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            page.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        // The browser would not run it, and the page would be broken.
        for script in page.text().split("<script").skip(1) {
            let (attributes, _) = script.split_once('>').unwrap();
            assert!(attributes.contains("src="), "{path}: <script{attributes}>");
        }
    }
    for path in ["/ready", "/auth/me", "/openapi.json", "/nowhere"] {
        let data = gateway.client().get(path).send().await;
        assert_eq!(
            data.headers("content-security-policy"),
            [DATA_POLICY],
            "{path}"
        );
    }
}
