//! Probabilities of tokens into the canonical form.

use crate::DecodeError;
use crate::canonical::{Extra, TokenLogprob};
use crate::json::{Cursor, Kind, Number};

/// Reads a list of tokens. `None` when one is not in a shape that can be written back.
pub(super) fn tokens<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<TokenLogprob<'a>>>, DecodeError> {
    list(c, true)
}

/// `nests`: alternatives have none of their own; deeper lists are not of this format.
fn list<'a>(c: &mut Cursor<'a>, nests: bool) -> Result<Option<Vec<TokenLogprob<'a>>>, DecodeError> {
    let (mut tokens, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        let token = if c.peek()? == Kind::Object {
            token(c, nests)?
        } else {
            None
        };
        match token {
            Some(token) => tokens.push(token),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(tokens).filter(|_| plain))
}

fn token<'a>(c: &mut Cursor<'a>, nests: bool) -> Result<Option<TokenLogprob<'a>>, DecodeError> {
    let (mut text, mut logprob, mut bytes, mut top, mut extra) =
        (None, None::<Number<'a>>, None, None, Extra::NONE);
    let mut plain = true;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("token", Kind::String) => text = Some(c.text()?),
            ("logprob", Kind::Number) => logprob = Some(c.spelled_number()?),
            ("bytes", Kind::Array | Kind::Null) => bytes = Some(c.raw()?),
            ("top_logprobs", Kind::Array) if nests => {
                top = list(c, false)?;
                plain &= top.is_some();
            }
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let read = text.zip(logprob).filter(|_| plain);
    Ok(read.map(|(token, logprob)| TokenLogprob {
        token,
        logprob,
        bytes,
        top,
        extra,
    }))
}
