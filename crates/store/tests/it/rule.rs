//! Rules.

use gaiterguard_domain::id::RuleId;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_store::{RuleFields, RuleSaved, Store, Stored};

use crate::support::{Database, NOW, World, audit, later, on_both, rule_fields};

on_both!(rules_are_created_changed_and_deleted,);

async fn rules_are_created_changed_and_deleted(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let rule = store
        .rule_create(world.workspace, &rule_fields("one"), NOW, |_| audit())
        .await
        .unwrap();
    let got = store.rule_get(world.workspace, rule.id).await.unwrap();
    assert_eq!(got, Some(rule.clone()));
    let fields = RuleFields {
        effect: RuleEffect::Deny,
        enabled: false,
        ..rule_fields("two")
    };
    let changed = store
        .rule_update(
            world.workspace,
            rule.id,
            rule.revision,
            &fields,
            later(1),
            audit(),
        )
        .await
        .unwrap();
    let RuleSaved::Saved(changed) = changed else {
        panic!("{changed:?}");
    };
    let late = store
        .rule_update(
            world.workspace,
            rule.id,
            rule.revision,
            &rule_fields("three"),
            later(2),
            audit(),
        )
        .await
        .unwrap();
    assert_eq!(late, RuleSaved::Changed);
    assert_eq!((changed.effect, changed.enabled), (RuleEffect::Deny, false));
    let listed = store.rule_list(world.workspace).await.unwrap();
    assert_eq!(listed, [Stored::Intact(*changed)]);
    let unknown = store
        .rule_update(world.workspace, RuleId(99), 0, &fields, NOW, audit())
        .await
        .unwrap();
    assert_eq!(unknown, RuleSaved::Unknown);
    assert!(
        store
            .rule_delete(world.workspace, rule.id, NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .rule_delete(world.workspace, rule.id, NOW, audit())
            .await
            .unwrap()
    );
}
