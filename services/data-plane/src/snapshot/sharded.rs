//! A persistent hash map: 256 reference-counted shards, so that the next version of a big map copies one shard per
//! changed key. Used by the snapshot's indexes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

const SHARDS: usize = 256;

/// A key that knows one byte of itself that is evenly spread.
pub(super) trait Spread: Copy + Eq + Hash {
    /// That byte.
    fn shard(&self) -> u8;
}

/// The map. Cloning it copies 256 pointers.
#[derive(Clone)]
pub(super) struct ShardedMap<K, V>(Vec<Arc<HashMap<K, V>>>);

impl<K: Spread, V: Clone> ShardedMap<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(usize::from(key.shard()))?.get(key)
    }

    /// Puts `value` under `key`, or takes the key out. Shards that other clones hold are copied first.
    pub(super) fn set(&mut self, key: K, value: Option<V>) {
        let Some(shard) = self.0.get_mut(usize::from(key.shard())) else {
            return;
        };
        match value {
            Some(value) => {
                Arc::make_mut(shard).insert(key, value);
            }
            None if shard.contains_key(&key) => {
                Arc::make_mut(shard).remove(&key);
            }
            None => {}
        }
    }

    /// Every value, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().flat_map(|shard| shard.values())
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.len()).sum()
    }
}

impl<K, V> Default for ShardedMap<K, V> {
    fn default() -> Self {
        let empty = Arc::new(HashMap::new());
        Self(vec![empty; SHARDS])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Spread for u16 {
        fn shard(&self) -> u8 {
            self.to_le_bytes()[0]
        }
    }

    #[test]
    fn clones_do_not_see_each_others_changes() {
        let mut first = ShardedMap::default();
        first.set(1_u16, Some("one"));
        first.set(257, Some("also shard one"));
        let mut second = first.clone();
        second.set(1, None);
        second.set(2, Some("two"));
        assert_eq!(
            (first.get(&1), first.get(&2), first.len()),
            (Some(&"one"), None, 2)
        );
        assert_eq!(
            (second.get(&1), second.get(&2), second.len()),
            (None, Some(&"two"), 2)
        );
    }
}
