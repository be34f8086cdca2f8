//! What Converse calls the formats of media, and their MIME types.

use std::borrow::Cow;

use crate::canonical::MediaKind;

/// Formats whose MIME type is not the kind, a slash and the format.
const ODD: &[(MediaKind, &str, &str)] = &[
    (MediaKind::File, "pdf", "application/pdf"),
    (MediaKind::File, "csv", "text/csv"),
    (MediaKind::File, "doc", "application/msword"),
    (
        MediaKind::File,
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (MediaKind::File, "xls", "application/vnd.ms-excel"),
    (
        MediaKind::File,
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (MediaKind::File, "html", "text/html"),
    (MediaKind::File, "txt", "text/plain"),
    (MediaKind::File, "md", "text/markdown"),
    (MediaKind::Video, "mkv", "video/x-matroska"),
    (MediaKind::Video, "mov", "video/quicktime"),
    (MediaKind::Video, "flv", "video/x-flv"),
    (MediaKind::Video, "wmv", "video/x-ms-wmv"),
    (MediaKind::Video, "three_gp", "video/3gpp"),
];

/// Other names of MIME types that are met.
const ALIASES: &[(&str, &str)] = &[
    ("image/jpg", "jpeg"),
    ("audio/x-wav", "wav"),
    ("audio/wave", "wav"),
    ("audio/mpeg", "mp3"),
    ("text/x-markdown", "md"),
    ("application/csv", "csv"),
];

/// Formats that Converse takes, by kind.
const KNOWN: &[(MediaKind, &[&str])] = &[
    (MediaKind::Image, &["png", "jpeg", "gif", "webp"]),
    (
        MediaKind::File,
        &["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"],
    ),
    (
        MediaKind::Video,
        &[
            "mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp",
        ],
    ),
    (
        MediaKind::Audio,
        &[
            "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga",
            "pcm", "webm",
        ],
    ),
];

/// How base64 of well-known formats begins.
const BEGINNINGS: &[(MediaKind, &str, &str)] = &[
    (MediaKind::Image, "iVBORw0KGgo", "png"),
    (MediaKind::Image, "/9j/", "jpeg"),
    (MediaKind::Image, "R0lGOD", "gif"),
    (MediaKind::Image, "UklGR", "webp"),
    (MediaKind::File, "JVBERi", "pdf"),
];

/// The word before the slash.
fn family(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image/",
        MediaKind::Audio => "audio/",
        MediaKind::Video => "video/",
        MediaKind::File => "application/",
    }
}

/// The MIME type of a format.
pub(super) fn mime(kind: MediaKind, format: &str) -> Cow<'static, str> {
    match ODD.iter().find(|(k, f, _)| *k == kind && *f == format) {
        Some((_, _, mime)) => Cow::Borrowed(mime),
        None => Cow::Owned(format!("{}{format}", family(kind))),
    }
}

/// The format of a MIME type, whether Converse takes it or not. The reverse of [`mime`].
pub(super) fn format(kind: MediaKind, mime: &str) -> &str {
    match ODD.iter().find(|(k, _, m)| *k == kind && *m == mime) {
        Some((_, format, _)) => format,
        None => mime.strip_prefix(family(kind)).unwrap_or(mime),
    }
}

/// The format of media from another dialect, if Converse takes it: by its MIME type, or else by how
/// its base64 begins.
pub(super) fn known_format(kind: MediaKind, mime: Option<&str>, base64: &str) -> Option<&'static str> {
    let (_, known) = KNOWN.iter().find(|(k, _)| *k == kind)?;
    let Some(mime) = mime else {
        return BEGINNINGS
            .iter()
            .find(|(k, beginning, _)| *k == kind && base64.starts_with(beginning))
            .map(|(_, _, format)| *format);
    };
    let plain = mime.split(';').next().unwrap_or(mime).trim();
    let alias = ALIASES
        .iter()
        .find(|(alias, format)| *alias == plain && known.contains(format))
        .map(|(_, format)| *format);
    alias.or_else(|| {
        let format = format(kind, plain);
        known.iter().copied().find(|known| *known == format)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_type_that_leads_back_to_it() {
        for (kind, formats) in KNOWN {
            for name in *formats {
                assert_eq!(format(*kind, &mime(*kind, name)), *name);
            }
        }
        assert_eq!(format(MediaKind::Image, &mime(MediaKind::Image, "new")), "new");
    }

    #[test]
    fn foreign_types_are_recognized_or_refused() {
        let image = |mime, data| known_format(MediaKind::Image, mime, data);
        assert_eq!(image(Some("image/jpg"), ""), Some("jpeg"));
        assert_eq!(image(Some("image/svg+xml"), ""), None);
        assert_eq!(image(None, "/9j/4AAQ"), Some("jpeg"));
        assert_eq!(image(None, "AAAA"), None);
        let file = |mime| known_format(MediaKind::File, Some(mime), "");
        assert_eq!(file("text/plain; charset=utf-8"), Some("txt"));
        assert_eq!(file("application/zip"), None);
        assert_eq!(
            known_format(MediaKind::Audio, Some("audio/mpeg"), ""),
            Some("mp3")
        );
        assert_eq!(
            known_format(MediaKind::Video, Some("video/quicktime"), ""),
            Some("mov")
        );
    }
}
