//! Any JSON Schema into Google's form, for servers that take nothing else: what the form has is
//! kept, what can be said in it otherwise is said so, references are written out, and the rest is
//! dropped and named.

use crate::DecodeError;
use crate::json::{Array, Cursor, Kind, Object, RawJson, Span, write_string};

/// What became of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    /// The schema in Google's form.
    pub schema: RawJson<'static>,
    /// Keywords that are not in it, each once.
    pub dropped: Vec<String>,
}

/// Keywords that Google's form has and whose values need no change.
const KEPT: [&str; 16] = [
    "title",
    "description",
    "nullable",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "pattern",
    "default",
    "example",
    "propertyOrdering",
    "required",
];

/// Keywords that say nothing about values.
const SILENT: [&str; 6] = ["$schema", "$id", "$comment", "$defs", "definitions", "strict"];

/// Formats that Google's servers take.
const FORMATS: [&str; 6] = ["float", "double", "int32", "int64", "enum", "date-time"];

/// Deepest nesting written, references written out included.
const MAX_LEVELS: u32 = 32;
/// Most bytes of schema looked at: references may repeat each other without end.
const MAX_WORK: usize = 4 << 20;
/// Most keywords named.
const MAX_DROPPED: usize = 64;

/// Brings a schema into Google's form.
pub fn narrow(schema: &RawJson<'_>) -> Result<Narrowed, DecodeError> {
    let mut cursor = schema.cursor();
    let root = cursor.skip_value()?;
    let mut narrowing = Narrowing {
        root: cursor.revisit(root),
        definitions: definitions(&mut cursor.revisit(root))?,
        work: 0,
        dropped: Vec::new(),
    };
    let mut out = Vec::with_capacity(schema.as_str().len());
    narrowing.schema(root, &mut out, 0)?;
    Ok(Narrowed {
        schema: RawJson::parse(String::from_utf8_lossy(&out).into_owned())?,
        dropped: narrowing.dropped,
    })
}

/// Where each definition stands, by the reference to it.
fn definitions(c: &mut Cursor<'_>) -> Result<Vec<(String, Span)>, DecodeError> {
    let mut found = Vec::new();
    if c.peek()? != Kind::Object {
        return Ok(found);
    }
    c.object(|c, key| {
        let place = key.decode();
        if !matches!(place.as_ref(), "$defs" | "definitions") || c.peek()? != Kind::Object {
            return Ok(());
        }
        c.object(|c, name| {
            let reference = format!("#/{place}/{}", name.decode());
            found.push((reference, c.skip_value()?));
            Ok(())
        })
        .map(drop)
    })?;
    Ok(found)
}

struct Narrowing<'a> {
    root: Cursor<'a>,
    definitions: Vec<(String, Span)>,
    work: usize,
    dropped: Vec<String>,
}

/// What is told at the end of an object, when all its members are known.
#[derive(Default)]
struct Late {
    kind: Option<String>,
    format: Option<String>,
    nullable: bool,
}

impl Narrowing<'_> {
    fn drop_keyword(&mut self, keyword: &str) {
        if self.dropped.len() < MAX_DROPPED && !self.dropped.iter().any(|d| d == keyword) {
            self.dropped.push(crate::provider_error::clip(keyword, 64));
        }
    }

    fn schema(&mut self, span: Span, out: &mut Vec<u8>, level: u32) -> Result<(), DecodeError> {
        self.work = self.work.saturating_add(span.len());
        let mut c = self.root.revisit(span);
        if c.peek()? != Kind::Object || level > MAX_LEVELS || self.work > MAX_WORK {
            // True, false, or a reference that runs in a circle: anything goes.
            self.drop_keyword(if c.peek()? == Kind::Object {
                "$ref"
            } else {
                "boolean schema"
            });
            Object::open(out).string("type", "OBJECT");
            return Ok(());
        }
        let mut members = Vec::new();
        c.object(|c, key| {
            members.push((key.decode().into_owned(), c.skip_value()?));
            Ok(())
        })?;
        if let Some(target) = self.instead(&members)? {
            return self.schema(target, out, level + 1);
        }
        let mut object = Object::open(out);
        let mut late = Late::default();
        for (keyword, span) in &members {
            self.member(&mut object, keyword, *span, level, &mut late)?;
        }
        if let Some(kind) = &late.kind {
            object.string("type", kind);
        }
        if late.nullable {
            object.bool("nullable", true);
        }
        match &late.format {
            Some(format) if FORMATS.contains(&format.as_str()) => object.string("format", format),
            Some(_) => self.drop_keyword("format"),
            None => {}
        }
        Ok(())
    }

    /// The schema that stands for one which only refers to it: a reference, or all of one.
    fn instead(&mut self, members: &[(String, Span)]) -> Result<Option<Span>, DecodeError> {
        let member = |name: &str| members.iter().find(|(n, _)| n == name).map(|(_, span)| *span);
        let target = match (member("$ref"), member("allOf")) {
            (Some(span), _) => {
                let reference = self.root.raw_at(span);
                let reference = reference.as_text().unwrap_or_default();
                self.definitions
                    .iter()
                    .find(|(name, _)| *name == reference)
                    .map(|(_, span)| *span)
            }
            (None, Some(span)) => {
                let mut all = Vec::new();
                let mut c = self.root.revisit(span);
                if c.peek()? == Kind::Array {
                    c.array(|c, _| {
                        all.push(c.skip_value()?);
                        Ok(())
                    })?;
                }
                match &all[..] {
                    [one] => Some(*one),
                    _ => None,
                }
            }
            (None, None) => None,
        };
        if target.is_some() {
            // Google's servers refuse neighbors of a reference as well.
            let beside = |name: &str| !matches!(name, "$ref" | "allOf") && !SILENT.contains(&name);
            for (name, _) in members.iter().filter(|(name, _)| beside(name)) {
                self.drop_keyword(name);
            }
        }
        Ok(target)
    }

    fn member(
        &mut self,
        object: &mut Object<'_>,
        keyword: &str,
        span: Span,
        level: u32,
        late: &mut Late,
    ) -> Result<(), DecodeError> {
        let mut c = self.root.revisit(span);
        match (keyword, c.peek()?) {
            ("type", Kind::String) => late.kind = Some(c.text()?.to_ascii_uppercase()),
            ("type", Kind::Array) => self.types(&mut c, object, late)?,
            ("format", Kind::String) => late.format = Some(c.text()?.into_owned()),
            ("const", Kind::String) => object.array("enum").string(&c.text()?),
            ("enum", Kind::Array) => self.enumeration(&mut c, object, late)?,
            ("anyOf" | "oneOf", Kind::Array) => {
                let mut branches = Vec::new();
                c.array(|c, _| {
                    let span = c.skip_value()?;
                    if is_null(&mut c.revisit(span))? {
                        late.nullable = true;
                    } else {
                        branches.push(span);
                    }
                    Ok(())
                })?;
                let mut list = object.array("anyOf");
                for branch in branches {
                    self.schema(branch, list.value(), level + 1)?;
                }
            }
            ("properties", Kind::Object) => {
                let mut inner = object.object("properties");
                c.object(|c, name| {
                    let span = c.skip_value()?;
                    self.schema(span, inner.value_of(&name.decode()), level + 1)
                })?;
            }
            ("items", Kind::Object) => self.schema(span, object.value("items"), level + 1)?,
            (name, _) if KEPT.contains(&name) => self.root.raw_at(span).write(object.value_of(name)),
            (name, _) if SILENT.contains(&name) => {}
            (name, _) => self.drop_keyword(name),
        }
        Ok(())
    }

    /// Several types: null is a field of its own, and the others are alternatives.
    fn types(
        &mut self,
        c: &mut Cursor<'_>,
        object: &mut Object<'_>,
        late: &mut Late,
    ) -> Result<(), DecodeError> {
        let mut kinds = Vec::new();
        c.array(|c, _| {
            match c.text()?.as_ref() {
                "null" => late.nullable = true,
                kind => kinds.push(kind.to_ascii_uppercase()),
            }
            Ok(())
        })?;
        match &kinds[..] {
            [one] => late.kind = Some(one.clone()),
            all => {
                let mut list: Array<'_> = object.array("anyOf");
                for kind in all {
                    list.object().string("type", kind);
                }
            }
        }
        Ok(())
    }

    /// Values to choose from, which must be texts.
    fn enumeration(
        &mut self,
        c: &mut Cursor<'_>,
        object: &mut Object<'_>,
        late: &mut Late,
    ) -> Result<(), DecodeError> {
        let (mut values, mut plain) = (Vec::new(), true);
        c.array(|c, _| {
            match c.peek()? {
                Kind::String => values.push(c.text()?),
                Kind::Null => late.nullable = true,
                Kind::Object | Kind::Array | Kind::Number | Kind::Bool => plain = false,
            }
            Ok(())
        })?;
        if !plain {
            self.drop_keyword("enum");
            return Ok(());
        }
        let mut list = object.array("enum");
        for value in values {
            write_string(list.value(), &value);
        }
        Ok(())
    }
}

/// Whether a schema admits null alone.
fn is_null(c: &mut Cursor<'_>) -> Result<bool, DecodeError> {
    let mut null = false;
    if c.peek()? == Kind::Object {
        c.object(|c, key| {
            if key.decode() == "type" && c.peek()? == Kind::String {
                null = c.text()? == "null";
            }
            Ok(())
        })?;
    }
    Ok(null)
}
