//! The only source of new ids: time-ordered UUIDs, wrapped by the caller's id type.

use uuid::Uuid;

/// A new id: `ids::fresh::<RequestId>()`.
#[must_use]
pub fn fresh<I: From<Uuid>>() -> I {
    I::from(Uuid::now_v7())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_differ_and_sort_by_creation() {
        let ids: Vec<Uuid> = (0..1000).map(|_| fresh()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
