//! The files for Docker Compose and Kubernetes use only settings, ports and paths that exist.

use std::collections::BTreeSet;

use gaiterguard_testkit::{Storage, TestGateway};
use serde_json::Value;

const EXAMPLE: &str = include_str!("../../../.env.example");
const COMPOSE: [&str; 2] = [
    include_str!("../../../compose.yaml"),
    include_str!("../../../examples/compose/compose.yaml"),
];
const CONFIG_MAP: &str = include_str!("../../../deploy/kubernetes/settings.yaml");
const DEPLOYMENT: &str = include_str!("../../../deploy/kubernetes/deployment.yaml");
const SECRET: &str = include_str!("../../../deploy/kubernetes/secret.example.yaml");
const SERVICES: &str = include_str!("../../../deploy/kubernetes/services.yaml");
const OTHERS: [&str; 4] = [
    include_str!("../../../deploy/kubernetes/disruption.yaml"),
    include_str!("../../../deploy/kubernetes/kustomization.yaml"),
    include_str!("../../../deploy/kubernetes/namespace.yaml"),
    include_str!("../../../deploy/kubernetes/network.yaml"),
];

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// Returns the names in `.env.example`, which a test of the settings compares with the code.
fn settings() -> BTreeSet<&'static str> {
    EXAMPLE
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once('='))
        .map(|(name, _)| name)
        .collect()
}

fn names(map: &Value) -> impl Iterator<Item = &str> {
    map.as_object().unwrap().keys().map(String::as_str)
}

/// Returns the container of the deployment.
fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

#[test]
fn every_variable_is_a_setting() {
    let settings = settings();
    let known = |name: &str| assert!(settings.contains(name), "{name} is not a setting");
    for compose in COMPOSE {
        let compose = yaml(compose);
        let environment = &compose["services"]["gateway"]["environment"];
        names(environment).for_each(known);
    }
    names(&yaml(CONFIG_MAP)["data"]).for_each(known);
    names(&yaml(SECRET)["stringData"]).for_each(known);
    let deployment = yaml(DEPLOYMENT);
    for variable in container(&deployment)["env"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        known(name);
        let reference = &variable["valueFrom"]["secretKeyRef"];
        assert_eq!(reference["key"], name);
        assert!(
            names(&yaml(SECRET)["stringData"]).any(|key| key == name),
            "{name}"
        );
    }
    assert!(OTHERS.map(yaml).iter().all(Value::is_object));
    SERVICES
        .split("\n---\n")
        .map(yaml)
        .for_each(|service| assert_eq!(service["kind"], "Service"));
}

#[tokio::test]
async fn the_probes_succeed_with_the_settings_of_the_manifests() {
    let config_map = yaml(CONFIG_MAP);
    let deployment = yaml(DEPLOYMENT);
    let container = container(&deployment);
    let mut builder = TestGateway::builder(Storage::Sqlite).dashboard_port();
    for (name, value) in config_map["data"].as_object().unwrap() {
        // The tests choose the address and the data folder.
        if !["HOST", "PORT", "DASHBOARD_PORT", "DATA_DIR"].contains(&name.as_str()) {
            builder = builder.setting(name, value.as_str().unwrap());
        }
    }
    let gateway = builder.start().await;
    for (setting, port) in [("PORT", "agents"), ("DASHBOARD_PORT", "people")] {
        let ports = container["ports"].as_array().unwrap();
        let named = ports.iter().find(|named| named["name"] == port).unwrap();
        let number = named["containerPort"].to_string();
        assert_eq!(config_map["data"][setting], number);
        assert!(SERVICES.contains(&format!("targetPort: {port}")), "{port}");
    }
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let request = &container[probe]["httpGet"];
        assert_eq!(request["port"], "agents", "{probe}");
        let path = request["path"].as_str().unwrap();
        gateway.client().get(path).send().await.expect_status(200);
    }
    let metrics = &deployment["spec"]["template"]["metadata"]["annotations"]["prometheus.io/path"];
    let path = metrics.as_str().unwrap();
    gateway.client().get(path).send().await.expect_status(200);
}
