//! From text to a tree, by the grammar of CEL. The tree is as deep as [`MAX_DEPTH`] at most, whatever was sent.

use super::mistake::{Code, Fault};
use super::token::{Token, Tokens};

/// Longest source, in bytes.
pub(super) const MAX_SOURCE: usize = 2_000;
/// How deep a tree may be.
const MAX_DEPTH: u8 = 24;
/// Most regular expressions of a condition: each takes memory on every worker for as long as its route is published.
const MAX_PATTERNS: usize = 4;

/// A part of a condition and where it begins.
#[derive(Debug)]
pub(super) struct Ast {
    pub(super) at: usize,
    depth: u8,
    pub(super) node: Node,
}

#[derive(Debug)]
pub(super) enum Node {
    Bool(bool),
    Number(f64),
    Text(Box<str>),
    Name(Box<str>),
    Member(Box<Ast>, Box<str>),
    Entry(Box<Ast>, Box<Ast>),
    List(Vec<Ast>),
    Call {
        receiver: Option<Box<Ast>>,
        name: Box<str>,
        arguments: Vec<Ast>,
    },
    Not(Box<Ast>),
    Negative(Box<Ast>),
    /// A chain of `&&`.
    All(Vec<Ast>),
    /// A chain of `||`.
    Any(Vec<Ast>),
    Binary(&'static str, Box<[Ast; 2]>),
    If(Box<[Ast; 3]>),
}

/// Reads a condition.
pub(super) fn parse(source: &str) -> Result<Ast, Fault> {
    if source.len() > MAX_SOURCE {
        let sentence = format!("A condition has at most {MAX_SOURCE} bytes.");
        return Err(Fault::new(0, Code::TooLarge, sentence));
    }
    let mut tokens = Tokens::new(source);
    let (at, token) = tokens.next()?;
    let mut parser = Parser {
        tokens,
        at,
        token,
        open: 0,
        patterns: 0,
    };
    let ast = parser.expression()?;
    if parser.token == Token::End {
        Ok(ast)
    } else {
        Err(parser.unexpected("An operator, or the end,"))
    }
}

struct Parser<'s> {
    tokens: Tokens<'s>,
    /// The word that is next, and where it begins.
    token: Token,
    at: usize,
    /// Calls that are open.
    open: u8,
    /// Regular expressions that were read.
    patterns: usize,
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<Token, Fault> {
        let (at, token) = self.tokens.next()?;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    /// Takes a sign if it is next.
    fn takes(&mut self, sign: &str) -> Result<bool, Fault> {
        let is_next = matches!(self.token, Token::Sign(next) if next == sign);
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if self.takes(sign)? {
            Ok(())
        } else {
            Err(self.unexpected(&format!("{sign:?}")))
        }
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let found = match &self.token {
            Token::Word(word) => format!("{word:?}"),
            Token::Number(_) => "a number".to_owned(),
            Token::Text(_) => "a text".to_owned(),
            Token::Sign("{") => "\"{\" (maps cannot be written)".to_owned(),
            Token::Sign(sign) => format!("{sign:?}"),
            Token::End => "the end".to_owned(),
        };
        Fault::new(
            self.at,
            Code::Syntax,
            format!("{wanted} was expected here, not {found}."),
        )
    }

    /// Of the signs, the one that is next, taken.
    fn one_of(&mut self, signs: &[&'static str]) -> Result<Option<&'static str>, Fault> {
        for sign in signs {
            let is_word = *sign == "in" && matches!(&self.token, Token::Word(word) if &**word == "in");
            if is_word {
                self.advance()?;
            }
            if is_word || self.takes(sign)? {
                return Ok(Some(sign));
            }
        }
        Ok(None)
    }

    fn expression(&mut self) -> Result<Ast, Fault> {
        self.nested(|parser| {
            let at = parser.at;
            let when = parser.any()?;
            if !parser.takes("?")? {
                return Ok(when);
            }
            let then = parser.any()?;
            parser.expect(":")?;
            let otherwise = parser.expression()?;
            made(at, Node::If(Box::new([when, then, otherwise])))
        })
    }

    /// Refuses what would recurse too deep.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Ast, Fault>) -> Result<Ast, Fault> {
        if self.open >= MAX_DEPTH {
            return Err(too_deep(self.at));
        }
        self.open += 1;
        let ast = read(self);
        self.open -= 1;
        ast
    }

    fn any(&mut self) -> Result<Ast, Fault> {
        self.chain("||", Self::all, Node::Any)
    }

    fn all(&mut self) -> Result<Ast, Fault> {
        self.chain("&&", Self::relation, Node::All)
    }

    fn chain(
        &mut self,
        sign: &str,
        part: fn(&mut Self) -> Result<Ast, Fault>,
        node: fn(Vec<Ast>) -> Node,
    ) -> Result<Ast, Fault> {
        let at = self.at;
        let first = part(self)?;
        if !matches!(self.token, Token::Sign(next) if next == sign) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.takes(sign)? {
            parts.push(part(self)?);
        }
        made(at, node(parts))
    }

    fn relation(&mut self) -> Result<Ast, Fault> {
        self.binary(&["<=", ">=", "==", "!=", "<", ">", "in"], Self::sum)
    }

    fn sum(&mut self) -> Result<Ast, Fault> {
        self.binary(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Result<Ast, Fault> {
        self.binary(&["*", "/", "%"], Self::unary)
    }

    fn binary(
        &mut self,
        signs: &[&'static str],
        part: fn(&mut Self) -> Result<Ast, Fault>,
    ) -> Result<Ast, Fault> {
        let at = self.at;
        let mut left = part(self)?;
        while let Some(sign) = self.one_of(signs)? {
            let right = part(self)?;
            left = made(at, Node::Binary(sign, Box::new([left, right])))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Ast, Fault> {
        let at = self.at;
        if self.takes("!")? {
            let inner = self.nested(Self::unary)?;
            return made(at, Node::Not(Box::new(inner)));
        }
        if self.takes("-")? {
            let inner = self.nested(Self::unary)?;
            return made(at, Node::Negative(Box::new(inner)));
        }
        self.member()
    }

    fn member(&mut self) -> Result<Ast, Fault> {
        let at = self.at;
        let mut ast = self.primary()?;
        loop {
            let node = if self.takes(".")? {
                let Token::Word(name) = &self.token else {
                    return Err(self.unexpected("A name"));
                };
                let name = name.clone();
                self.advance()?;
                if self.takes("(")? {
                    self.count_pattern(at, &name)?;
                    Node::Call {
                        receiver: Some(Box::new(ast)),
                        name,
                        arguments: self.list(")")?,
                    }
                } else {
                    Node::Member(Box::new(ast), name)
                }
            } else if self.takes("[")? {
                let key = self.expression()?;
                self.expect("]")?;
                Node::Entry(Box::new(ast), Box::new(key))
            } else {
                return Ok(ast);
            };
            ast = made(at, node)?;
        }
    }

    /// Refuses a regular expression too many, before any is compiled.
    fn count_pattern(&mut self, at: usize, function: &str) -> Result<(), Fault> {
        self.patterns += usize::from(function == "matches");
        if self.patterns > MAX_PATTERNS {
            let sentence = format!(
                "A condition has at most {MAX_PATTERNS} regular expressions. Put several into one with \"|\"."
            );
            return Err(Fault::new(at, Code::TooLarge, sentence));
        }
        Ok(())
    }

    fn primary(&mut self) -> Result<Ast, Fault> {
        let at = self.at;
        if !matches!(
            self.token,
            Token::Word(_) | Token::Number(_) | Token::Text(_) | Token::Sign("(" | "[")
        ) {
            return Err(self.unexpected("A value"));
        }
        let node = match self.advance()? {
            Token::Number(number) => Node::Number(number),
            Token::Text(text) => Node::Text(text),
            Token::Word(word) if self.takes("(")? => Node::Call {
                receiver: None,
                name: word,
                arguments: self.list(")")?,
            },
            Token::Word(word) => match &*word {
                "true" => Node::Bool(true),
                "false" => Node::Bool(false),
                "in" => {
                    return Err(Fault::new(
                        at,
                        Code::Syntax,
                        "A value was expected before \"in\".".to_owned(),
                    ));
                }
                _ => Node::Name(word),
            },
            Token::Sign("[") => Node::List(self.list("]")?),
            Token::Sign(_) | Token::End => {
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
        };
        made(at, node)
    }

    /// Values with commas between them, up to a bracket.
    fn list(&mut self, end: &str) -> Result<Vec<Ast>, Fault> {
        let mut values = Vec::new();
        while !self.takes(end)? {
            if !values.is_empty() {
                self.expect(",")?;
            }
            values.push(self.expression()?);
        }
        Ok(values)
    }
}

fn too_deep(at: usize) -> Fault {
    let sentence = format!("Parts of a condition lie at most {MAX_DEPTH} deep in each other.");
    Fault::new(at, Code::TooLarge, sentence)
}

/// A tree over others that is not too deep.
fn made(at: usize, node: Node) -> Result<Ast, Fault> {
    let deepest = |parts: &[Ast]| parts.iter().map(|part| part.depth).max().unwrap_or(0);
    let below = match &node {
        Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Name(_) => 0,
        Node::Member(inner, _) | Node::Not(inner) | Node::Negative(inner) => inner.depth,
        Node::Entry(map, key) => map.depth.max(key.depth),
        Node::List(parts) | Node::All(parts) | Node::Any(parts) => deepest(parts),
        Node::Call {
            receiver, arguments, ..
        } => receiver.as_ref().map_or(0, |it| it.depth).max(deepest(arguments)),
        Node::Binary(_, parts) => deepest(&**parts),
        Node::If(parts) => deepest(&**parts),
    };
    if below >= MAX_DEPTH {
        return Err(too_deep(at));
    }
    let depth = below + 1;
    Ok(Ast { at, depth, node })
}
