//! What an agent may use, and what is documented of it.

use std::sync::Arc;

use gaiterguard_apidocs::{Operation, Section};
use gaiterguard_domain::request::ServiceName;

use crate::authority::AgentCaller;
use crate::authority::known_service::KnownService;
use crate::refusal::Refusal;
use crate::submit::locate;

/// A service in an agent's scope.
#[derive(Clone, Debug)]
pub struct UsableService {
    /// The service.
    pub service: Arc<KnownService>,
    /// How many operations its documents describe.
    pub operations: usize,
}

/// What a search finds.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Operations, those that fit best first.
    pub operations: Vec<(Arc<KnownService>, Operation)>,
    /// Pieces of text, those that fit best first.
    pub sections: Vec<(Arc<KnownService>, Section)>,
}

/// How much a search may find.
#[derive(Clone, Copy, Debug)]
pub struct FindingsMax {
    /// Operations.
    pub operations: usize,
    /// Pieces of text.
    pub sections: usize,
}

impl AgentCaller {
    /// The services that the agent may use, by name.
    pub fn services(&self) -> Vec<UsableService> {
        let mut services: Vec<UsableService> = self
            .agent
            .grants
            .iter()
            .filter_map(|grant| {
                let service = Arc::clone(self.definitions.service(grant.service)?);
                let catalog = self.definitions.catalog(service.id);
                let operations = catalog.map_or(0, |catalog| catalog.operations().count());
                Some(UsableService {
                    service,
                    operations,
                })
            })
            .collect();
        services.sort_by(|a, b| a.service.name.cmp(&b.service.name));
        services
    }

    /// What the documents of one service, or of all that the agent may use, say about a text.
    /// Without words, the first operations in the documents' order.
    pub fn search(
        &self,
        service: Option<&ServiceName>,
        text: &str,
        max: FindingsMax,
    ) -> Result<Findings, Refusal> {
        let services = match service {
            Some(name) => vec![locate::named(self, name)?.0],
            None => self.services().into_iter().map(|it| it.service).collect(),
        };
        let mut operations = Vec::new();
        let mut sections = Vec::new();
        for service in services {
            let Some(catalog) = self.definitions.catalog(service.id) else {
                continue;
            };
            operations.push(found(
                &service,
                catalog.search_operations(text, max.operations),
            ));
            sections.push(found(&service, catalog.search_sections(text, max.sections)));
        }
        Ok(Findings {
            operations: in_turn(operations, max.operations),
            sections: in_turn(sections, max.sections),
        })
    }
}

fn found<T: Clone>(service: &Arc<KnownService>, found: Vec<&T>) -> Vec<(Arc<KnownService>, T)> {
    let of_service = |one: &T| (Arc::clone(service), one.clone());
    found.into_iter().map(of_service).collect()
}

/// The first of each list, then the second of each, and so on: how well something fits can be
/// compared within a service only.
fn in_turn<T>(lists: Vec<Vec<T>>, max: usize) -> Vec<T> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut taken = Vec::new();
    while taken.len() < max {
        let before = taken.len();
        taken.extend(lists.iter_mut().filter_map(Iterator::next));
        if taken.len() == before {
            break;
        }
    }
    taken.truncate(max);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_turn() {
        let lists = vec![vec![1, 2, 3], vec![], vec![10]];
        assert_eq!(in_turn(lists.clone(), 3), [1, 10, 2]);
        assert_eq!(in_turn(lists, 9), [1, 10, 2, 3]);
    }
}
