//! An authenticator in this process: an ES256 passkey, as on a phone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gaiterguard_testkit::{Held, Human, Response};
use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The site of the gateway of these tests.
pub(super) const SITE: &str = "https://localhost:8443";
const HOST: &str = "localhost";

const PRESENT_AND_VERIFIED: u8 = 0x05;
const WITH_CREDENTIAL: u8 = 0x45;

/// A passkey.
pub(super) struct Authenticator {
    key: KeyPair,
    credential_id: Vec<u8>,
    count: u32,
}

impl Authenticator {
    /// Adds a passkey of a human.
    pub(super) async fn of(human: &Human, name: &str) -> Self {
        let begun = human.post("/auth/passkeys/options");
        let begun = begun.json(json!({"password": human.password}));
        let options = begun.send().await.expect_status(200).json();
        let key = KeyPair::generate().unwrap();
        let this = Self {
            key,
            credential_id: Sha256::digest(name).to_vec(),
            count: 0,
        };
        let client_data = client_data("webauthn.create", &options, SITE);
        let body = json!({
            "name": name,
            "clientDataJSON": encode(&client_data),
            "attestationObject": encode(&this.attestation_object()),
        });
        let added = human.post("/auth/passkeys").json(body);
        added.send().await.expect_status(201);
        this
    }

    /// Signs a challenge, and returns the result as `passkey` of an approval.
    pub(super) fn sign(&mut self, options: &Value) -> Value {
        self.sign_at(options, SITE, PRESENT_AND_VERIFIED)
    }

    /// Signs a challenge on a page of this site, with these flags.
    pub(super) fn sign_at(&mut self, options: &Value, site: &str, flags: u8) -> Value {
        self.count += 1;
        let client_data = client_data("webauthn.get", options, site);
        let mut data = Sha256::digest(HOST).to_vec();
        data.push(flags);
        data.extend(self.count.to_be_bytes());
        let message = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        json!({
            "credentialId": encode(&self.credential_id),
            "clientDataJSON": encode(&client_data),
            "authenticatorData": encode(&data),
            "signature": encode(&self.key.sign(&message).unwrap()),
        })
    }

    /// Returns `{"fmt": "none", "attStmt": {}, "authData": …}` in CBOR.
    fn attestation_object(&self) -> Vec<u8> {
        let mut data = Sha256::digest(HOST).to_vec();
        data.push(WITH_CREDENTIAL);
        data.extend(self.count.to_be_bytes());
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(&self.credential_id);
        // A COSE key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        let point = self.key.der_bytes();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt");
        object.push(0x64);
        object.extend(b"none");
        object.push(0x67);
        object.extend(b"attStmt");
        object.extend([0xa0, 0x68]);
        object.extend(b"authData");
        object.extend([0x58, u8::try_from(data.len()).unwrap()]);
        object.extend(data);
        object
    }
}

fn client_data(kind: &str, options: &Value, origin: &str) -> Vec<u8> {
    let challenge = &options["challenge"];
    let data =
        json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false});
    data.to_string().into_bytes()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the options for an approval.
pub(super) async fn begin(human: &Human, held: &Held) -> Response {
    let digest = human.action(held).await["digest"].clone();
    let path = format!("/approvals/{}/approve/options", held.action_id);
    human
        .post(&path)
        .json(json!({"digest": digest}))
        .send()
        .await
}

/// Approves an action with a passkey and returns the response, whatever it is.
pub(super) async fn approve_with(human: &Human, held: &Held, passkey: &Value) -> Response {
    human
        .decide(held, "approve", json!({"passkey": passkey}))
        .await
}
