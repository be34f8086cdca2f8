//! The frames of a spool segment: how records, intents and the seal are laid out in a file, and how they are read back.
//!
//! A frame is `kind (1 byte) · length (4) · CRC-32 (4) · body`, integers little-endian; the checksum covers kind,
//! length and body. A file is read up to its last whole frame: what follows was being written when the process died.
//! Pure: bytes in, frames out.

use sluicegate_contracts::ids::{OrganizationId, RequestId};
use uuid::Uuid;

/// Bytes before a frame's body.
const HEADER: usize = 9;
/// Largest body; a longer one is not written, and is damage when read.
pub(super) const MAX_BODY: usize = 1024 * 1024;
const UUID: usize = 16;
const SEQ: usize = 8;

const INTENT: u8 = 1;
const RECORD: u8 = 2;
const SEAL: u8 = 3;

/// One entry of the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// An attempt is about to be sent.
    Intent {
        /// The request it belongs to.
        request: RequestId,
        /// The encoded intent.
        body: &'a [u8],
    },
    /// A request has ended.
    Record {
        /// Position within the epoch, from 1.
        seq: u64,
        /// The request; closes its intents.
        request: RequestId,
        /// Its tenant.
        organization: OrganizationId,
        /// The encoded record.
        body: &'a [u8],
    },
    /// Nothing follows: every intent of the epoch has its record.
    Seal {
        /// The last position given out.
        last_seq: u64,
    },
}

/// A body is longer than [`MAX_BODY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a spool entry is larger than 1 MiB")]
pub(super) struct TooLarge;

impl Frame<'_> {
    /// Appends the frame to `out`.
    ///
    /// # Errors
    /// [`TooLarge`]; `out` is then as it was.
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER]);
        let kind = match self {
            Self::Intent { request, body } => {
                out.extend_from_slice(request.as_uuid().as_bytes());
                out.extend_from_slice(body);
                INTENT
            }
            Self::Record {
                seq,
                request,
                organization,
                body,
            } => {
                out.extend_from_slice(&seq.to_le_bytes());
                out.extend_from_slice(request.as_uuid().as_bytes());
                out.extend_from_slice(organization.as_uuid().as_bytes());
                out.extend_from_slice(body);
                RECORD
            }
            Self::Seal { last_seq } => {
                out.extend_from_slice(&last_seq.to_le_bytes());
                SEAL
            }
        };
        let length = out.len() - start - HEADER;
        let Some(length) = u32::try_from(length).ok().filter(|_| length <= MAX_BODY) else {
            out.truncate(start);
            return Err(TooLarge);
        };
        let (header, body) = out[start..].split_at_mut(HEADER);
        header[0] = kind;
        header[1..5].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum(kind, length, body);
        header[5..].copy_from_slice(&checksum.to_le_bytes());
        Ok(())
    }

    fn decode(kind: u8, body: &[u8]) -> Option<Frame<'_>> {
        let mut rest = body;
        Some(match kind {
            INTENT => Frame::Intent {
                request: uuid(&mut rest)?.into(),
                body: rest,
            },
            RECORD => Frame::Record {
                seq: seq(&mut rest)?,
                request: uuid(&mut rest)?.into(),
                organization: uuid(&mut rest)?.into(),
                body: rest,
            },
            SEAL => Frame::Seal {
                last_seq: seq(&mut rest)?,
            },
            _ => return None,
        })
    }
}

fn checksum(kind: u8, length: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(&length.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn uuid(rest: &mut &[u8]) -> Option<Uuid> {
    Uuid::from_slice(take(rest, UUID)?).ok()
}

fn seq(rest: &mut &[u8]) -> Option<u64> {
    take(rest, SEQ)?.try_into().ok().map(u64::from_le_bytes)
}

/// The whole frames at the start of some bytes.
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    good: usize,
}

impl<'a> Frames<'a> {
    /// Reads `bytes`, which begin at a frame.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, good: 0 }
    }

    /// How many bytes the frames read so far take.
    pub(super) const fn good(&self) -> usize {
        self.good
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let mut rest = self.bytes.get(self.good..)?;
        let kind = *take(&mut rest, 1)?.first()?;
        let length = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?);
        let sum = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?);
        let size = usize::try_from(length).ok().filter(|size| *size <= MAX_BODY)?;
        let body = take(&mut rest, size)?;
        let frame = Frame::decode(kind, body).filter(|_| checksum(kind, length, body) == sum)?;
        self.good += HEADER + size;
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts = (u8, u64, u128, Vec<u8>);

    fn frames() -> impl Strategy<Value = Vec<Parts>> {
        let frame = (
            1_u8..4,
            any::<u64>(),
            any::<u128>(),
            proptest::collection::vec(any::<u8>(), 0..40),
        );
        proptest::collection::vec(frame, 0..12)
    }

    fn frame(parts: &Parts) -> Frame<'_> {
        let (kind, seq, id, body) = parts;
        match kind {
            1 => Frame::Intent {
                request: Uuid::from_u128(*id).into(),
                body,
            },
            2 => Frame::Record {
                seq: *seq,
                request: Uuid::from_u128(*id).into(),
                organization: Uuid::from_u128(!*id).into(),
                body,
            },
            _ => Frame::Seal { last_seq: *seq },
        }
    }

    proptest! {
        #[test]
        fn a_cut_file_reads_up_to_its_last_whole_frame(parts in frames(), cut in any::<prop::sample::Index>()) {
            let mut bytes = Vec::new();
            let mut ends = vec![0];
            for part in &parts {
                frame(part).encode(&mut bytes).unwrap();
                ends.push(bytes.len());
            }
            let cut = cut.index(bytes.len() + 1);
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            let mut read = Frames::new(&bytes[..cut]);
            let seen: Vec<_> = read.by_ref().collect();
            prop_assert_eq!(seen, parts[..whole].iter().map(frame).collect::<Vec<_>>());
            prop_assert_eq!(read.good(), ends[whole]);
        }

        #[test]
        fn one_changed_byte_ends_the_reading_before_its_frame(
            parts in frames(), at in any::<prop::sample::Index>(), by in 1_u8..
        ) {
            let mut bytes = Vec::new();
            for part in &parts {
                frame(part).encode(&mut bytes).unwrap();
            }
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= by;
                let mut read = Frames::new(&bytes);
                prop_assert!(read.by_ref().count() < parts.len());
                prop_assert!(read.good() <= at);
            }
        }

        #[test]
        fn no_bytes_can_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut read = Frames::new(&bytes);
            read.by_ref().for_each(drop);
            prop_assert!(read.good() <= bytes.len());
        }
    }

    #[test]
    fn a_body_past_the_limit_is_not_written() {
        let (mut out, body) = (vec![7], vec![0; MAX_BODY]);
        let frame = Frame::Intent {
            request: Uuid::nil().into(),
            body: &body,
        };
        assert_eq!(frame.encode(&mut out), Err(TooLarge));
        assert_eq!(out, [7]);
    }
}
