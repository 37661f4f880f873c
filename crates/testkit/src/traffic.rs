//! Continuous requests of every kind while a test does something to the gateway. None of them may fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::agent::{Agent, Held};
use crate::echo_upstream::EchoUpstream;
use crate::gateway::TestGateway;
use crate::human::{Human, Service};

/// A pause between requests that leaves the machine to others.
const PAUSE: Duration = Duration::from_millis(10);

/// A gateway with many services, each with its own credential, and two agents that may use all of them. The
/// requests of one are all allowed, those of the other all require approval.
pub struct BusyGateway {
    /// The gateway.
    pub gateway: TestGateway,
    /// The upstream of all services.
    pub upstream: EchoUpstream,
    /// The first user.
    pub human: Human,
    /// An agent whose requests are all allowed.
    pub trusted: Agent,
    /// An agent whose requests all require approval.
    pub watched: Agent,
    /// The services.
    pub services: Vec<Service>,
}

/// Requests that are sent until they are stopped.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    tasks: Vec<(&'static str, JoinHandle<usize>)>,
}

impl BusyGateway {
    /// Registers the first user and creates `count` services.
    pub async fn create(gateway: TestGateway, count: usize) -> Self {
        let upstream = EchoUpstream::start().await;
        let human = Human::register(&gateway).await;
        let mut services = Vec::new();
        for number in 0..count {
            let name = format!("service-{number}");
            let url = format!("{}/{name}", upstream.url());
            services.push(
                human
                    .create_bearer_service(&name, &url, &credential(number))
                    .await,
            );
        }
        let (trusted, watched) = human.create_trusted_and_watched(&services).await;
        Self {
            gateway,
            upstream,
            human,
            trusted,
            watched,
            services,
        }
    }

    /// Proposes a DELETE and approves it.
    pub async fn approved(&self, key: &str) -> Held {
        approved(&self.watched, &self.human, key).await
    }

    /// Starts reads, writes, approved removals and changes of a credential.
    pub fn traffic(&self) -> Traffic {
        static ROUND: AtomicUsize = AtomicUsize::new(0);
        let round = ROUND.fetch_add(1, Ordering::Relaxed);
        let stop = Arc::new(AtomicBool::new(false));
        let count = self.services.len();
        let mut tasks = Vec::new();

        let (agent, stopped) = (self.trusted.clone(), Arc::clone(&stop));
        let reads = async move {
            let mut done = 0;
            while !stopped.load(Ordering::Relaxed) {
                let read = request(done % count, "GET", &format!("/read-{done}"));
                agent.propose(read).send().await.expect_status(200);
                done += 1;
                tokio::time::sleep(PAUSE).await;
            }
            done
        };
        tasks.push(("reads", tokio::spawn(reads)));

        let (agent, stopped) = (self.trusted.clone(), Arc::clone(&stop));
        let writes = async move {
            let mut done = 0;
            while !stopped.load(Ordering::Relaxed) {
                let mut write = request(done % count, "POST", &format!("/write-{done}"));
                write["body"] = json!({"number": done});
                let key = format!("write-{round}-{done}");
                for expected in ["processed", "replayed"] {
                    let call = agent.propose(write.clone()).idempotency_key(&key);
                    let response = call.send().await.expect_status(200);
                    assert_eq!(response.header("x-idempotency-status"), Some(expected));
                }
                done += 1;
                tokio::time::sleep(PAUSE).await;
            }
            done
        };
        tasks.push(("writes", tokio::spawn(writes)));

        let (agent, human, stopped) = (self.watched.clone(), self.human.clone(), Arc::clone(&stop));
        let removals = async move {
            let mut done = 0;
            while !stopped.load(Ordering::Relaxed) {
                let held = approved(&agent, &human, &format!("remove-{round}-{done}")).await;
                agent.execute(&held).send().await.expect_status(200);
                done += 1;
                tokio::time::sleep(PAUSE).await;
            }
            done
        };
        tasks.push(("removals", tokio::spawn(removals)));

        let (human, stopped) = (self.human.clone(), Arc::clone(&stop));
        let (number, id) = (count - 1, self.services[count - 1].id);
        let changes = async move {
            let mut done = 0;
            while !stopped.load(Ordering::Relaxed) {
                // Even the same value becomes a new version under a new data key.
                human
                    .post(&format!("/services/{id}/credentials"))
                    .json(json!({"token": credential(number)}))
                    .send()
                    .await
                    .expect_status(200);
                done += 1;
                tokio::time::sleep(PAUSE * 5).await;
            }
            done
        };
        tasks.push(("changes of a credential", tokio::spawn(changes)));
        Traffic { stop, tasks }
    }

    /// Panics if the upstream ever received a credential of another service than the one that was called.
    pub fn assert_credentials_arrived(&self) {
        let received = self.upstream.received();
        assert!(!received.is_empty());
        for request in received {
            let number = request
                .path()
                .trim_start_matches("/service-")
                .split('/')
                .next()
                .and_then(|number| number.parse().ok())
                .unwrap_or_else(|| panic!("{request:?}"));
            let expected = format!("Bearer {}", credential(number));
            assert_eq!(
                request.header("authorization"),
                Some(expected.as_str()),
                "{request:?}"
            );
            assert_eq!(request.header_count("authorization"), 1, "{request:?}");
        }
    }
}

impl Traffic {
    /// Stops the requests. Panics if one of them failed, or if no request of a kind was sent.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for (kind, task) in self.tasks {
            let done = task.await.unwrap_or_else(|error| panic!("{kind}: {error}"));
            assert!(done > 0, "there were no {kind}");
        }
    }
}

/// Returns the credential of a service.
fn credential(number: usize) -> String {
    format!("credential-of-service-{number}-5b1c")
}

/// Returns the body of a `POST /proxy` for a service.
pub fn request(number: usize, method: &str, path: &str) -> Value {
    json!({
        "service": format!("service-{number}"), "method": method, "path": path,
        "intent": format!("Keep {path} going"),
    })
}

async fn approved(agent: &Agent, human: &Human, key: &str) -> Held {
    let removal = request(0, "DELETE", &format!("/{key}"));
    let held = agent.propose_held(removal, key).await;
    human.approve(&held).await;
    held
}
