//! How far the records of one (worker, epoch) have arrived: everything up to a watermark, and islands beyond it. Kept by
//! the ingester, which may see records twice, late and out of order. Pure.

/// What has arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageProgress {
    /// Every position from 1 up to here is accounted for.
    contiguous: u64,
    /// Inclusive ranges beyond it, ascending, never touching each other or the watermark.
    islands: Vec<(u64, u64)>,
}

impl UsageProgress {
    /// Restores stored progress: the watermark, and first and last position of each island in turn.
    #[must_use]
    pub fn restore(contiguous: u64, bounds: &[u64]) -> Self {
        let mut progress = Self {
            contiguous,
            islands: Vec::new(),
        };
        for bound in bounds.chunks_exact(2) {
            progress.absorb_range(bound[0], bound[1]);
        }
        progress
    }

    /// Takes over positions, in any order and however often. Position 0 does not exist.
    pub fn absorb(&mut self, positions: impl IntoIterator<Item = u64>) {
        let mut sorted: Vec<u64> = positions.into_iter().filter(|position| *position > 0).collect();
        sorted.sort_unstable();
        for run in sorted.chunk_by(|one, next| next - one <= 1) {
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                self.absorb_range(*first, *last);
            }
        }
    }

    fn absorb_range(&mut self, mut first: u64, mut last: u64) {
        if last <= self.contiguous || first > last {
            return;
        }
        // Swallow every island the range overlaps or touches.
        self.islands.retain(|&(start, end)| {
            let apart = end.saturating_add(1) < first || last.saturating_add(1) < start;
            if !apart {
                first = first.min(start);
                last = last.max(end);
            }
            apart
        });
        if first <= self.contiguous.saturating_add(1) {
            self.contiguous = last;
        } else {
            let at = self.islands.partition_point(|&(start, _)| start < first);
            self.islands.insert(at, (first, last));
        }
    }

    /// Every position up to this one has arrived.
    #[must_use]
    pub fn watermark(&self) -> u64 {
        self.contiguous
    }

    /// First and last position of each island in turn, for storage.
    #[must_use]
    pub fn bounds(&self) -> Vec<u64> {
        self.islands
            .iter()
            .flat_map(|&(first, last)| [first, last])
            .collect()
    }

    /// The first run of positions that is missing although a later one arrived.
    #[must_use]
    pub fn gap(&self) -> Option<(u64, u64)> {
        self.islands
            .first()
            .map(|&(first, _)| (self.contiguous + 1, first - 1))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hole_holds_the_watermark_until_it_is_filled() {
        let mut progress = UsageProgress::default();
        progress.absorb([3, 1, 5, 6]);
        assert_eq!(
            (progress.watermark(), progress.bounds(), progress.gap()),
            (1, vec![3, 3, 5, 6], Some((2, 2)))
        );
        progress.absorb([2, 2]);
        assert_eq!((progress.watermark(), progress.gap()), (3, Some((4, 4))));
        progress.absorb([4]);
        assert_eq!(
            (progress.watermark(), progress.bounds(), progress.gap()),
            (6, vec![], None)
        );
    }

    #[test]
    fn the_ends_of_the_number_line_do_no_harm() {
        let mut progress = UsageProgress::default();
        progress.absorb([u64::MAX, 0, u64::MAX - 1]);
        assert_eq!(progress.gap(), Some((1, u64::MAX - 2)));
        assert_eq!(UsageProgress::restore(u64::MAX, &[1, 2, 3]).watermark(), u64::MAX);
    }

    proptest! {
        /// The set model: the watermark is the largest n with 1..=n in the set, the islands are the rest.
        #[test]
        fn it_is_the_set_of_what_arrived(batches in prop::collection::vec(prop::collection::vec(0_u64..60, 0..12), 0..12)) {
            let mut progress = UsageProgress::default();
            let mut model = BTreeSet::new();
            for batch in batches {
                model.extend(batch.iter().copied().filter(|position| *position > 0));
                progress.absorb(batch);
                progress = UsageProgress::restore(progress.watermark(), &progress.bounds());
                let watermark = (1..).take_while(|position| model.contains(position)).last().unwrap_or(0);
                prop_assert_eq!(progress.watermark(), watermark);
                let beyond: Vec<u64> = progress.bounds().chunks(2).flat_map(|b| b[0]..=b[1]).collect();
                let expected: Vec<u64> = model.iter().copied().filter(|position| *position > watermark).collect();
                prop_assert_eq!(beyond, expected);
            }
        }
    }
}
