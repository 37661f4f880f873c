//! One-time codes as a second factor, with `PyOTP` as the authenticator app.

use std::process::Output;

use gaiterguard_testkit::{
    Human, Response, Storage, TestGateway, on_both_databases, python_command,
};
use serde_json::{Value, json};
use tempfile::TempDir;

on_both_databases!(
    signing_in_asks_for_a_code_that_works_once,
    a_lost_device_is_replaced
);

/// Prints the account, the secret and the codes of the previous, the present and the next step.
const AUTHENTICATOR: &str = "
import sys, time, pyotp
app = pyotp.parse_uri(sys.stdin.read())
now = time.time()
print(app.name, app.issuer, app.secret, *(app.at(now, counter_offset=step) for step in (-1, 0, 1)))
";

/// An authenticator app that has scanned the QR code.
struct Authenticator {
    folder: TempDir,
    uri: String,
}

impl Authenticator {
    fn scan(begun: &Value) -> Self {
        let scanned = Self {
            folder: TempDir::new().unwrap(),
            uri: begun["uri"].as_str().unwrap().to_owned(),
        };
        let shown = scanned.shown();
        assert_eq!(shown[..2], ["human@example.com", "GaiterGuard"]);
        assert_eq!(shown[2], begun["secret"].as_str().unwrap());
        scanned
    }

    fn shown(&self) -> Vec<String> {
        use std::io::Write as _;
        use std::process::Stdio;
        let mut app = python_command("python", self.folder.path())
            .args(["-c", AUTHENTICATOR])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = app.stdin.take().unwrap();
        input.write_all(self.uri.as_bytes()).unwrap();
        drop(input);
        let Output { status, stdout, .. } = app.wait_with_output().unwrap();
        assert!(status.success());
        let text = String::from_utf8(stdout).unwrap();
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Returns the code that is shown now.
    fn code(&self) -> String {
        self.shown()[4].clone()
    }

    /// Returns the code that is shown next. The gateway accepts it already, because clocks may be ahead.
    fn next_code(&self) -> String {
        self.shown()[5].clone()
    }
}

async fn log_in(gateway: &TestGateway, human: &Human, code: Option<&str>) -> Response {
    let mut body = json!({"email": human.email, "password": human.password});
    if let Some(code) = code {
        body["code"] = code.into();
    }
    gateway
        .dashboard()
        .post("/auth/login")
        .json(body)
        .send()
        .await
}

async fn send(human: &Human, path: &str, body: Value) -> Response {
    human.post(path).json(body).send().await
}

/// Sets up one-time codes. Returns the authenticator app and the recovery codes.
async fn enroll(human: &Human) -> (Authenticator, Vec<String>) {
    let begun = send(human, "/auth/totp", json!({"password": human.password})).await;
    let begun = begun.expect_status(201).json();
    let app = Authenticator::scan(&begun);
    let confirmed = send(human, "/auth/totp/confirm", json!({"code": app.code()})).await;
    let confirmed = confirmed.expect_status(200).json();
    let codes = confirmed["recoveryCodes"].as_array().unwrap().iter();
    let codes = codes
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    (app, codes)
}

async fn signing_in_asks_for_a_code_that_works_once(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let other = Human::log_in(&gateway, &human.email, &human.password).await;
    let before = human.read("/auth/totp").await;
    assert_eq!(
        before,
        json!({"enabled": false, "enabledAt": null, "recoveryCodesLeft": 0})
    );

    let none = send(&human, "/auth/totp/confirm", json!({"code": "123456"})).await;
    none.expect_problem(404, "not_found");
    let wrong = send(&human, "/auth/totp", json!({"password": "another one"})).await;
    let wrong = wrong.expect_problem(400, "validation_failed").json();
    assert_eq!(wrong["errors"][0]["field"], "password");
    let begun = send(&human, "/auth/totp", json!({"password": human.password})).await;
    let unused = Authenticator::scan(&begun.expect_status(201).json());
    // It does not count before a code confirms it.
    log_in(&gateway, &human, None).await.expect_status(200);

    let (app, codes) = enroll(&human).await;
    assert_eq!(codes.len(), 10);
    assert_ne!(unused.uri, app.uri);
    other.get("/auth/me").send().await.expect_status(401);
    let again = send(&human, "/auth/totp", json!({"password": human.password})).await;
    again.expect_problem(409, "second_factor_exists");

    let missing = log_in(&gateway, &human, None).await;
    missing.expect_problem(401, "second_factor_required");
    let body =
        json!({"email": human.email, "password": "a wrong password", "code": app.next_code()});
    let wrong = gateway
        .dashboard()
        .post("/auth/login")
        .json(body)
        .send()
        .await;
    wrong.expect_problem(401, "invalid_credentials");
    let code = app.next_code();
    log_in(&gateway, &human, Some(&code))
        .await
        .expect_status(200);
    let again = log_in(&gateway, &human, Some(&code)).await;
    again.expect_problem(401, "second_factor_invalid");

    log_in(&gateway, &human, Some(&codes[0]))
        .await
        .expect_status(200);
    let again = log_in(&gateway, &human, Some(&codes[0])).await;
    again.expect_problem(401, "second_factor_invalid");
    assert_eq!(human.read("/auth/totp").await["recoveryCodesLeft"], 9);

    let audit = human.read("/audit?limit=100").await.to_string();
    for event in ["user.totp_requested", "user.totp_enabled"] {
        assert!(audit.contains(event), "{event}: {audit}");
    }
    let secret = app.shown()[2].clone();
    for (place, text) in [("audit log", &audit), ("log", &gateway.logs())] {
        for hidden in codes.iter().chain([&secret, &code]) {
            assert!(!text.contains(hidden.as_str()), "{hidden} in the {place}");
        }
    }
}

async fn a_lost_device_is_replaced(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let (_, codes) = enroll(&human).await;
    let replaced = json!({"code": codes[0]});
    let replaced = send(&human, "/auth/totp/recovery-codes", replaced).await;
    let replaced = replaced.expect_status(200).json();
    let remove = async |code: &str| {
        let call = human.call(http::Method::DELETE, "/auth/totp");
        call.json(json!({"code": code})).send().await
    };
    let refused = remove(&codes[1]).await;
    let refused = refused.expect_problem(400, "validation_failed").json();
    assert_eq!(refused["errors"][0]["field"], "code");
    let removed = remove(replaced["recoveryCodes"][0].as_str().unwrap()).await;
    removed.expect_status(200);
    log_in(&gateway, &human, None).await.expect_status(200);
    remove("123456").await.expect_problem(404, "not_found");

    // Without any code, the operator of the gateway's machine removes it.
    enroll(&human).await;
    let reset = ["user", "reset-password", &human.email];
    let reset = gateway.run(&reset, "another long password\n").await;
    assert!(reset.status.success());
    let body = json!({"email": human.email, "password": "another long password"});
    let log_in = || {
        gateway
            .dashboard()
            .post("/auth/login")
            .json(body.clone())
            .send()
    };
    log_in().await.expect_problem(401, "second_factor_required");
    let reset = gateway
        .run(&["user", "reset-factors", &human.email], "")
        .await;
    assert!(reset.status.success());
    log_in().await.expect_status(200);
    let verified = gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success());
}
