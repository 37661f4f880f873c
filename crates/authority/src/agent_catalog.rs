//! The services that an agent may use, and a search in their documents.

use std::sync::Arc;

use gaiterguard_apidocs::{Operation, Section};
use gaiterguard_domain::request::ServiceName;

use crate::caller::AgentCaller;
use crate::refused::ServiceRefused;
use crate::resolved_service::ResolvedService;

/// A service in an agent's scope.
#[derive(Clone, Debug)]
pub struct UsableService {
    /// The service.
    pub service: Arc<ResolvedService>,
    /// The number of operations that its documents describe.
    pub operations: usize,
}

/// The results of a search, the best of each service first.
#[derive(Clone, Debug, Default)]
pub struct SearchResults {
    /// Operations.
    pub operations: Vec<(Arc<ResolvedService>, Operation)>,
    /// Sections of text.
    pub sections: Vec<(Arc<ResolvedService>, Section)>,
}

/// The most results that a search returns.
#[derive(Clone, Copy, Debug)]
pub struct SearchLimits {
    /// Operations.
    pub operations: usize,
    /// Sections of text.
    pub sections: usize,
}

impl AgentCaller {
    /// Returns the services that the agent may use, sorted by name.
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

    /// Searches the documents of one service, or of all that the agent may use. An empty text finds the
    /// first operations in the order of the documents.
    ///
    /// # Errors
    ///
    /// If the agent may not use the service.
    pub fn search(
        &self,
        service: Option<&ServiceName>,
        text: &str,
        limits: SearchLimits,
    ) -> Result<SearchResults, ServiceRefused> {
        let services = match service {
            Some(name) => vec![self.service(name)?.0],
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
                catalog.search_operations(text, limits.operations),
            ));
            sections.push(found(
                &service,
                catalog.search_sections(text, limits.sections),
            ));
        }
        Ok(SearchResults {
            operations: interleaved(operations, limits.operations),
            sections: interleaved(sections, limits.sections),
        })
    }
}

fn found<T: Clone>(
    service: &Arc<ResolvedService>,
    found: Vec<&T>,
) -> Vec<(Arc<ResolvedService>, T)> {
    let of_service = |one: &T| (Arc::clone(service), one.clone());
    found.into_iter().map(of_service).collect()
}

/// Returns the first of each list, then the second of each, and so on. Scores are comparable only
/// within one service.
fn interleaved<T>(lists: Vec<Vec<T>>, max: usize) -> Vec<T> {
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
    fn results_of_all_services_are_interleaved() {
        let lists = vec![vec![1, 2, 3], vec![], vec![10]];
        assert_eq!(interleaved(lists.clone(), 3), [1, 10, 2]);
        assert_eq!(interleaved(lists, 9), [1, 10, 2, 3]);
    }
}
