//! The frames that the stream encoder writes.

use crate::json::Object;

/// Appends one event: its name, and data that begins with its type.
pub(super) fn frame(out: &mut Vec<u8>, name: &'static str, data: impl FnOnce(&mut Object<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    let from = out.len();
    {
        let mut object = Object::open(out);
        object.string("type", name);
        data(&mut object);
    }
    // Line breaks stand between JSON tokens, inside values spliced in as they came; data is one line.
    if let Some(written) = out.get_mut(from..) {
        let breaks: Vec<usize> = memchr::memchr2_iter(b'\n', b'\r', written).collect();
        for at in breaks {
            written[at] = b' ';
        }
    }
    out.extend_from_slice(b"\n\n");
}

/// Appends the beginning of a block.
pub(super) fn block_start(out: &mut Vec<u8>, index: u64, block: impl FnOnce(&mut Vec<u8>)) {
    frame(out, "content_block_start", |data| {
        data.unsigned("index", index);
        block(data.value("content_block"));
    });
}

/// Appends a piece of a block.
pub(super) fn block_delta(
    out: &mut Vec<u8>,
    index: u64,
    kind: &'static str,
    delta: impl FnOnce(&mut Object<'_>),
) {
    frame(out, "content_block_delta", |data| {
        data.unsigned("index", index);
        let mut inner = data.object("delta");
        inner.string("type", kind);
        delta(&mut inner);
    });
}

/// Appends the end of a block.
pub(super) fn block_stop(out: &mut Vec<u8>, index: u64) {
    frame(out, "content_block_stop", |data| data.unsigned("index", index));
}
