//! Finds the service and the exact address that a request names.

use std::sync::Arc;

use gaiterguard_authority::{AgentCaller, ResolvedService};
use gaiterguard_domain::agent::Grant;
use gaiterguard_domain::request::Destination;
use gaiterguard_domain::target::{self, Target};

use crate::refusal::Refusal;

/// A service that the caller may use, and the address of a request to it.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) service: Arc<ResolvedService>,
    pub(crate) grant: Grant,
    pub(crate) target: Target,
}

/// Finds the service and the address. The form of the target is checked first, so that an error about it
/// does not depend on which services exist.
pub(crate) fn locate(caller: &AgentCaller, destination: &Destination) -> Result<Located, Refusal> {
    let url = destination
        .target_url
        .as_deref()
        .map(Target::parse)
        .transpose()?;
    let path = destination.path.as_deref();
    if let Some(path) = path {
        target::check_relative(path)?;
    }
    match (&destination.service, url) {
        (Some(name), url) => {
            let (service, grant) = caller.service(name)?;
            let target = at_service(&service, path, url)?;
            Ok(Located {
                service,
                grant,
                target,
            })
        }
        (None, Some(url)) => {
            let (service, grant) = caller.service_containing(&url)?;
            let target = at_service(&service, path, Some(url))?;
            Ok(Located {
                service,
                grant,
                target,
            })
        }
        (None, None) => Err(Refusal::Invalid {
            field: "service_id",
            message: "name a service with service_id or service and a path, or give targetUrl"
                .to_owned(),
        }),
    }
}

/// Returns the address of a path below a service's base URL.
pub(crate) fn below(service: &ResolvedService, path: &str) -> Result<Target, Refusal> {
    target::check_relative(path)?;
    at_service(service, Some(path), None)
}

fn at_service(
    service: &ResolvedService,
    path: Option<&str>,
    url: Option<Target>,
) -> Result<Target, Refusal> {
    let joined = path.map(|path| service.base_url.join(path)).transpose()?;
    let target = match (joined, url) {
        (Some(joined), Some(url)) if joined != url => {
            return Err(Refusal::Invalid {
                field: "targetUrl",
                message: "must be the URL that service and path give; omit one of the two"
                    .to_owned(),
            });
        }
        (Some(target), _) | (None, Some(target)) => target,
        (None, None) => {
            return Err(Refusal::Invalid {
                field: "path",
                message: "is required with a service, unless targetUrl is set".to_owned(),
            });
        }
    };
    if !service.base_url.contains(&target) {
        return Err(Refusal::TargetNotAllowed(
            "the target is outside the service's base URL".to_owned(),
        ));
    }
    Ok(target)
}
