//! Web pages that show an API description.

use std::time::{Duration, Instant};

use gaiterguard_apidocs::viewer::{Leads, search_page, search_script};
use gaiterguard_apidocs::{Format, read};

#[test]
fn the_pages_of_viewers_name_their_description() {
    for (page, url) in [
        (
            "<html><body><redoc spec-url='/openapi.yaml'></redoc>\
             <script src='https://cdn.example/redoc.standalone.js'></script></body></html>",
            "/openapi.yaml",
        ),
        ("<rapi-doc SPEC-URL = \"api.json\"></rapi-doc>", "api.json"),
        (
            "<elements-api apiDescriptionUrl=\"https://a.example/x\" router=hash></elements-api>",
            "https://a.example/x",
        ),
        (
            "<script id=api-reference data-url=\"/spec?v=1&amp;x=2\"></script>",
            "/spec?v=1&x=2",
        ),
        (
            "<script id=api-reference data-configuration='{\"url\": \"./a.json\"}'></script>",
            "./a.json",
        ),
        (
            "<script>Scalar.createApiReference('#app', { url: '/scalar.json' })</script>",
            "/scalar.json",
        ),
        (
            "<script>Redoc.init('./spec.json', {}, document.body)</script>",
            "./spec.json",
        ),
        (
            "<script>window.onload = function() {\n// url: '/commented.json',\nwindow.ui = SwaggerUIBundle({\n\
             url: \"https:\\/\\/a.example\\/v2\\/swagger.json\", dom_id: '#swagger-ui'})}</script>",
            "https://a.example/v2/swagger.json",
        ),
        (
            "<script>const ui = SwaggerUIBundle({ \"urls\": [{\"url\": \"/one.json\", \"name\": \"One\"}] })</script>",
            "/one.json",
        ),
        (
            "<script>fetch(location.origin + '/api/openapi.json').then(show)</script>",
            "/api/openapi.json",
        ),
        (
            "<link rel='service-desc' href='/description'>",
            "/description",
        ),
        (
            "<link rel=alternate type='application/vnd.oai.openapi+json' href='/alternate'>",
            "/alternate",
        ),
        (
            "<script type=application/json data-target=app>{\"payload\": {\"rawBlobUrl\": \
             \"https://host.example/o/r/raw/main/api.yaml\"}}</script>",
            "https://host.example/o/r/raw/main/api.yaml",
        ),
    ] {
        let leads = search_page(page);
        assert_eq!(leads.descriptions, [url], "{page}");
        assert_eq!(leads.embedded, None, "{page}");
    }
}

#[test]
fn several_descriptions_and_scripts_are_listed_in_order() {
    let page = "<html><head><base href='/ui/'></head><body><div id='swagger-ui'></div>\
        <script src='./swagger-ui-bundle.js'></script><script src='./swagger-ui-standalone-preset.js'></script>\
        <script src='./swagger-initializer.js'></script></body></html>";
    let leads = search_page(page);
    assert_eq!(leads.scripts, ["./swagger-initializer.js"]);
    assert_eq!(leads.base.as_deref(), Some("/ui/"));
    assert_eq!(leads.descriptions, [""; 0]);

    let script = "window.onload = function() { window.ui = SwaggerUIBundle({\
        url: 'https://petstore.example/v2/swagger.json', configUrl: '/v3/api-docs/swagger-config',\
        layout: 'StandaloneLayout' }) }";
    let leads = search_script(script);
    assert_eq!(leads.scripts, ["/v3/api-docs/swagger-config"]);
    assert_eq!(
        leads.descriptions,
        ["https://petstore.example/v2/swagger.json"]
    );

    let settings = r#"{"configUrl": "/c", "oauth2RedirectUrl": "https://a.example/oauth2",
        "urls": [{"url": "/v3/api-docs/a", "name": "a"}, {"url": "/v3/api-docs/b", "name": "b"}],
        "validatorUrl": ""}"#;
    assert_eq!(
        search_script(settings).descriptions,
        ["/v3/api-docs/a", "/v3/api-docs/b"]
    );

    let file = "<html><body><a href='/o/r/blob/main/api.yaml'>api.yaml</a>\
        <a data-testid=raw-button href='https://host.example/o/r/raw/refs/heads/main/api.yaml'>Raw</a>\
        <a href='/docs/openapi.json'>Download</a><a href='/about.json'>About</a></body></html>";
    assert_eq!(
        search_page(file).links,
        [
            "https://host.example/o/r/raw/refs/heads/main/api.yaml",
            "/docs/openapi.json"
        ]
    );
}

#[test]
fn a_description_in_the_page_is_found() {
    let description = "{\"info\": {\"title\": \"a } b\"}, \"openapi\": \"3.0.0\", \"paths\": {\"/a\": {\"get\": {}}}}";
    let quoted = serde_json::to_string(description).unwrap();
    let yaml = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      summary: a &lt; b\n";
    for page in [
        format!(
            "<script>const options = {{\"swaggerDoc\": {description}, \"customOptions\": {{}}}};</script>"
        ),
        format!("<script>const __redoc_state = {{\"spec\":{{\"data\":{description}}}}};</script>"),
        format!("<script type='application/json'>{description}</script>"),
        format!("<script>show(JSON.parse({quoted}))</script>"),
        format!(
            "<html><body><pre><code><span>openapi</span>{}</code></pre></body></html>",
            &yaml[7..]
        ),
        format!("<textarea>\n{yaml}</textarea>"),
        "<script>ui({spec: {openapi: '3.0.0', paths: {'/a': {get: {}}}}})</script>".to_owned(),
    ] {
        let embedded = search_page(&page).embedded;
        let embedded = embedded.unwrap_or_else(|| panic!("nothing was found in {page}"));
        let document = read(Format::OpenApi, embedded.as_bytes()).unwrap();
        assert_eq!(document.operations.len(), 1, "{page}");
    }
}

#[test]
fn other_pages_lead_nowhere() {
    for page in [
        "",
        "<html><body><form><input type=password></form></body></html>",
        "<html><body><h1>OpenAPI</h1><p>openapi: 3.0.0</p><a href='/swagger-ui/'>Swagger UI</a></body></html>",
        "<script>$.ajax({url: '/track', data: 'x'})</script>",
        "<script>SwaggerUIBundle({url: `/${name}.json`, other: 'a b.json'})</script>",
        "<redoc spec-url='javascript:alert(1)'></redoc><rapi-doc spec-url='file:///etc/passwd'></rapi-doc>",
        "<pre>openapi: 3.0.0</pre>",
    ] {
        assert_eq!(search_page(page), Leads::default(), "{page}");
    }
}

#[test]
fn the_search_takes_linear_time() {
    for piece in [
        "<script>{",
        "<script>\"",
        "<script>'\\",
        "<script>/*",
        "<pre>",
        "<a href=/openapi.json>",
        "<script>a:'",
        "<redoc spec-url='/a'>",
        "<script>{openapi:1,paths:{",
    ] {
        let begin = Instant::now();
        let leads = search_page(&piece.repeat(1_000_000 / piece.len()));
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "{piece}: {:?}",
            begin.elapsed()
        );
        assert!(leads.descriptions.len() <= 20 && leads.links.len() <= 20);
    }
    let nested = format!(
        "{}{}",
        "{openapi:1,paths:{".repeat(100_000),
        "}".repeat(200_000)
    );
    let begin = Instant::now();
    search_script(&nested);
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
}
