//! Which role in the workspace a group or role at the provider gives.

/// The roles that a provider can give. An owner is made by another owner, never by a provider.
const ROLES: [&str; 3] = ["operator", "approver", "viewer"];

/// Which role in the workspace a group or role at the provider gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleMap(Vec<(String, &'static str)>);

impl RoleMap {
    /// Parses `GROUP:ROLE` pairs that are separated by commas.
    ///
    /// # Errors
    ///
    /// The first pair that is not of this form, or whose role is unknown or `owner`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pairs = text
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (group, role) = pair.rsplit_once(':').ok_or_else(|| pair.to_owned())?;
            let role = ROLES.into_iter().find(|known| *known == role.trim());
            match (group.trim(), role) {
                ("", _) | (_, None) => Err(pair.to_owned()),
                (group, Some(role)) => Ok((group.to_owned(), role)),
            }
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }

    /// Returns the role of a person with these groups, by the first pair that matches.
    pub fn role_of(&self, groups: &[&str]) -> Option<&'static str> {
        let mut pairs = self.0.iter();
        let pair = pairs.find(|(group, _)| groups.contains(&group.as_str()));
        pair.map(|(_, role)| *role)
    }

    /// Returns whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pair_that_matches_counts() {
        let map = RoleMap::parse("urn:corp:admins : operator, sec:approver,,all:viewer").unwrap();
        assert_eq!(map.role_of(&["all", "sec"]), Some("approver"));
        assert_eq!(map.role_of(&["all", "urn:corp:admins"]), Some("operator"));
        assert_eq!(map.role_of(&["ALL", "other"]), None);
        assert_eq!(map.role_of(&[]), None);
        assert!(RoleMap::parse(" ").unwrap().is_empty());
    }

    #[test]
    fn nobody_becomes_an_owner() {
        for wrong in [
            "admins:owner",
            "admins",
            ":viewer",
            "admins:",
            "a:viewer,b:root",
        ] {
            assert!(RoleMap::parse(wrong).is_err(), "{wrong}");
        }
    }
}
