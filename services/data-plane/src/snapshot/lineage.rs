//! Keys in service, and the keys that derive from them: a change of a key touches all of those, and each of them may only
//! do what every key above it may.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sluicegate_contracts::config::{ApiKey, Constraints, allowed_by_both};
use sluicegate_contracts::ids::ApiKeyId;

use super::entities::{Entities, Held};
use super::index::Blocked;

/// Which keys derive from which, over any number of steps.
#[derive(Default)]
pub(super) struct Lineage(HashMap<ApiKeyId, BTreeSet<ApiKeyId>>);

impl Lineage {
    fn link(&mut self, key: &ApiKey) {
        for ancestor in &key.ancestors {
            self.0.entry(*ancestor).or_default().insert(key.id);
        }
    }

    fn unlink(&mut self, key: &ApiKey) {
        for ancestor in &key.ancestors {
            if let Some(descendants) = self.0.get_mut(ancestor) {
                descendants.remove(&key.id);
                if descendants.is_empty() {
                    self.0.remove(ancestor);
                }
            }
        }
    }
}

impl Entities {
    pub(super) fn put_key(&mut self, entity: ApiKey, blocked: bool) {
        self.unlink_key(entity.id);
        let members = self.in_project.entry(entity.project).or_default();
        members.keys.insert(entity.id);
        self.lineage.link(&entity);
        self.touch_key(entity.id);
        let entity = Arc::new(entity);
        self.keys.insert(entity.id, Held { entity, blocked });
    }

    pub(super) fn unlink_key(&mut self, id: ApiKeyId) {
        let Some(held) = self.keys.remove(&id) else { return };
        self.touch_key(id);
        self.lineage.unlink(&held.entity);
        let digests = held.entity.secrets.iter().map(|secret| (secret.digest, id));
        self.touched.digests.extend(digests);
        if let Some(members) = self.in_project.get_mut(&held.entity.project) {
            members.keys.remove(&id);
        }
    }

    pub(super) fn touch_key(&mut self, id: ApiKeyId) {
        let descendants = self.lineage.0.get(&id).into_iter().flatten().copied();
        self.touched.keys.extend(descendants.chain([id]));
    }

    /// A key as the keys above it leave it.
    ///
    /// # Errors
    /// When they leave it nothing.
    pub(super) fn narrowed(&self, key: &Arc<ApiKey>) -> Result<Arc<ApiKey>, Blocked> {
        if key.ancestors.is_empty() {
            return Ok(Arc::clone(key));
        }
        let mut narrowed = ApiKey::clone(key);
        for ancestor in &key.ancestors {
            let held = self.keys.get(ancestor).filter(|held| !held.blocked);
            let above = held
                .map(|held| &held.entity)
                .filter(|above| (above.organization, above.project) == (key.organization, key.project));
            let above = above.ok_or(Blocked::Ancestor)?;
            let ends = [narrowed.expires_at, above.expires_at];
            narrowed.expires_at = ends.into_iter().flatten().min();
            narrowed.allowed_models =
                allowed_by_both(&narrowed.allowed_models, &above.allowed_models).ok_or(Blocked::NoModel)?;
        }
        Ok(Arc::new(narrowed))
    }

    /// What a key and the keys above it demand. All of it holds, so that nobody loosens anything by deriving a key.
    pub(super) fn constraints_of(&self, key: &ApiKey) -> Arc<[Constraints]> {
        let above = key.ancestors.iter().filter_map(|id| self.keys.get(id));
        let stated = std::iter::once(key).chain(above.map(|held| &*held.entity));
        let stated = stated.map(|key| &key.constraints);
        stated.filter(|it| !it.are_none()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::{ApiKeyStatus, Entity};
    use sluicegate_contracts::event::ConfigEvent;
    use sluicegate_contracts::time::UnixMillis;

    use super::super::Snapshot;
    use super::super::apply::State;
    use super::super::fixtures::{digest, event, key, keyring, organization, project, raw, uuid};
    use super::*;

    /// Key 5 derives from 4, and 4 from 3.
    fn keys() -> [ApiKey; 3] {
        let (mut child, mut grandchild) = (key(4, 1, 2), key(5, 1, 2));
        child.ancestors = vec![uuid(3).into()];
        grandchild.ancestors = vec![uuid(4).into(), uuid(3).into()];
        [key(3, 1, 2), child, grandchild]
    }

    struct World(State, Snapshot);

    impl World {
        fn of(keys: impl IntoIterator<Item = ApiKey>) -> Self {
            let mut world = Self(State::new(keyring()), Snapshot::default());
            world.put(Entity::Organization(organization(1)));
            world.put(Entity::Project(project(2, 1)));
            keys.into_iter().for_each(|key| world.put(Entity::ApiKey(key)));
            world
        }

        fn put(&mut self, entity: Entity) {
            self.offer(event(self.0.head().version.0 + 1, &entity));
        }

        fn revoke(&mut self, key: u64) {
            self.offer(raw(self.0.head().version.0 + 1, "api_key", uuid(key), true, None));
        }

        fn offer(&mut self, event: ConfigEvent) {
            self.0.offer(event);
            self.1 = self.0.publish(&self.1);
        }

        fn usable(&self) -> [Option<Result<(), Blocked>>; 3] {
            [3, 4, 5].map(|n| self.1.grant(&digest(n)).map(|grant| grant.usable))
        }

        fn models_of(&self, key: u64) -> Vec<String> {
            self.1.grant(&digest(key)).unwrap().key.allowed_models.clone()
        }
    }

    #[test]
    fn a_key_serves_while_every_key_above_it_does_in_whatever_order_they_come() {
        let [top, middle, bottom] = keys();
        for keys in [
            [top.clone(), middle.clone(), bottom.clone()],
            [bottom, middle.clone(), top.clone()],
        ] {
            let mut world = World::of(keys);
            assert_eq!(world.usable(), [Some(Ok(())); 3]);
            let off = |key: &ApiKey| ApiKey {
                status: ApiKeyStatus::Disabled,
                ..key.clone()
            };
            let above = Some(Err(Blocked::Ancestor));
            world.put(Entity::ApiKey(off(&top)));
            assert_eq!(world.usable(), [Some(Err(Blocked::Key)), above, above]);
            world.put(Entity::ApiKey(top.clone()));
            assert_eq!(world.usable(), [Some(Ok(())); 3]);
            world.put(Entity::ApiKey(off(&middle)));
            assert_eq!(world.usable(), [Some(Ok(())), Some(Err(Blocked::Key)), above]);
            world.put(Entity::ApiKey(middle.clone()));
            world.revoke(3);
            assert_eq!(world.usable(), [None, above, above]);
        }
    }

    #[test]
    fn ends_and_models_above_a_key_bind_it() {
        let [mut top, mut middle, bottom] = keys();
        top.expires_at = Some(UnixMillis::new(20));
        middle.allowed_models = vec!["openai/*".to_owned(), "x/y".to_owned()];
        let mut world = World::of([top.clone(), middle, bottom]);
        let grant = world.1.grant(&digest(5)).unwrap();
        assert_eq!(grant.check(UnixMillis::new(19)), Ok(()));
        assert_eq!(grant.check(UnixMillis::new(20)), Err(Blocked::Expired));
        assert_eq!(world.models_of(5), ["openai/*", "x/y"]);
        top.allowed_models = vec!["openai/gpt-4o".to_owned()];
        world.put(Entity::ApiKey(top.clone()));
        assert_eq!(world.models_of(5), ["openai/gpt-4o"]);
        top.allowed_models = vec!["mistral/*".to_owned()];
        world.put(Entity::ApiKey(top));
        let none = Some(Err(Blocked::NoModel));
        assert_eq!(world.usable(), [Some(Ok(())), none, none]);
    }

    #[test]
    fn constraints_above_a_key_bind_it() {
        let [mut top, mut middle, bottom] = keys();
        let states = |days| Constraints {
            max_retention_days: Some(days),
            ..Constraints::NONE
        };
        (top.constraints, middle.constraints) = (states(30), states(0));
        let mut world = World::of([bottom, middle.clone(), top]);
        let of = |world: &World, key| world.1.grant(&digest(key)).unwrap().constraints.to_vec();
        assert_eq!(of(&world, 3), [states(30)]);
        assert_eq!(of(&world, 5), [states(0), states(30)]);
        middle.constraints = Constraints::NONE;
        world.put(Entity::ApiKey(middle));
        assert_eq!(of(&world, 5), [states(30)]);
    }

    #[test]
    fn a_key_of_another_project_lends_nothing() {
        let [mut top, middle, _] = keys();
        top.project = uuid(9).into();
        let mut world = World::of([top, middle]);
        world.put(Entity::Project(project(9, 1)));
        assert_eq!(world.usable(), [Some(Ok(())), Some(Err(Blocked::Ancestor)), None]);
    }

    #[test]
    fn a_key_above_itself_is_refused_nothing_and_ends_nothing() {
        let mut own = key(3, 1, 2);
        own.ancestors = vec![uuid(3).into()];
        let mut world = World::of([own]);
        assert_eq!(world.usable()[0], Some(Ok(())));
        world.revoke(3);
        assert_eq!(world.usable(), [None, None, None]);
    }
}
