//! Numbers in a row as the scripts pack and read them: doubles of eight bytes, the lowest first. A double carries every
//! amount exactly (`NanoUsd::MAX`), and costs a script a fraction of what a text does.

pub(super) fn packed(numbers: &[i64]) -> Vec<u8> {
    let bytes = numbers.iter().map(|number| (*number as f64).to_le_bytes());
    bytes.flatten().collect()
}

/// The numbers in `bytes`; `None` when there are not `N`, or some are not whole.
pub(super) fn unpacked<const N: usize>(bytes: &[u8]) -> Option<[i64; N]> {
    let (doubles, []) = bytes.as_chunks() else {
        return None;
    };
    let doubles: &[[u8; 8]; N] = doubles.try_into().ok()?;
    let numbers = doubles.map(f64::from_le_bytes);
    let are_whole = numbers.iter().all(|number| number.fract() == 0.0);
    are_whole.then(|| numbers.map(|number| number as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_contracts::money::NanoUsd;

    #[test]
    fn amounts_are_exact() {
        let most = NanoUsd::MAX.nanos();
        let row = [0, 1, -1, most, -most, most - 1];
        assert_eq!(unpacked(&packed(&row)), Some(row));
    }

    #[test]
    fn what_is_not_a_row_of_whole_numbers_is_not_read() {
        let row = packed(&[1, 2]);
        assert_eq!(unpacked::<3>(&row), None);
        assert_eq!(unpacked::<2>(&row[..15]), None);
        assert_eq!(unpacked::<1>(&0.5_f64.to_le_bytes()), None);
        assert_eq!(unpacked::<1>(&f64::NAN.to_le_bytes()), None);
        assert_eq!(unpacked::<0>(b""), Some([]));
    }
}
