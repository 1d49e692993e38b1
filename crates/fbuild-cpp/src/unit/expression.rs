//! The expressions of `#if`.
//!
//! Tokens are read one by one while the expression is evaluated, as gcc does, because `defined` and `__has_include__` decide how the next ones
//! are read. Parts that do not count (behind `0 &&`) are parsed but raise no errors of evaluation.

use super::Unit;
use crate::number::{Number, Widths, character, integer};
use crate::stop::Stop;
use crate::symbol::Symbol;
use crate::token::{Kind, Token};

/// The most parentheses and unary operators within each other.
const MAX_DEPTH: u32 = 120;

/// Why an expression has no value.
enum Bad {
    /// An error the compiler reports; the condition is false.
    Error(&'static str),
    Stop(Stop),
}

impl From<Stop> for Bad {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

type Value = Result<Number, Bad>;

impl Unit<'_> {
    /// Evaluates the condition that is to be read.
    pub(super) fn condition(&mut self) -> Result<bool, Stop> {
        let mut parser = Parser {
            unit: self,
            next: Token::END,
            depth: 0,
            skip: 0,
        };
        match parser.all() {
            Ok(value) => Ok(value.is_true()),
            Err(Bad::Error(what)) => {
                self.error(&format!("{what} in #if"));
                Ok(false)
            }
            Err(Bad::Stop(stop)) => Err(stop),
        }
    }
}

struct Parser<'p, 'a> {
    unit: &'p mut Unit<'a>,
    next: Token,
    depth: u32,
    /// While it is not zero, the value does not count.
    skip: u32,
}

impl Parser<'_, '_> {
    fn all(&mut self) -> Value {
        self.advance()?;
        if self.next.kind == Kind::End {
            return Err(Bad::Error("no expression"));
        }
        let value = self.comma()?;
        match self.next.kind {
            Kind::End => Ok(value),
            Kind::CloseParen => Err(Bad::Error("missing '('")),
            _ => Err(Bad::Error("missing binary operator")),
        }
    }

    fn advance(&mut self) -> Result<(), Bad> {
        loop {
            self.next = self.unit.get()?;
            if !matches!(self.next.kind, Kind::Padding | Kind::Comment) {
                return Ok(());
            }
        }
    }

    fn comma(&mut self) -> Value {
        let mut value = self.conditional()?;
        while self.next.kind == Kind::Comma {
            self.advance()?;
            value = self.conditional()?;
        }
        Ok(value)
    }

    fn conditional(&mut self) -> Value {
        let condition = self.binary(0)?;
        if self.next.kind != Kind::Query {
            return Ok(condition);
        }
        self.enter()?;
        self.advance()?;
        let first = self.skipping(!condition.is_true(), Self::comma)?;
        if self.next.kind != Kind::Colon {
            return Err(Bad::Error("'?' without following ':'"));
        }
        self.advance()?;
        let second = self.skipping(condition.is_true(), Self::conditional)?;
        self.depth -= 1;
        let chosen = if condition.is_true() { first } else { second };
        Ok(Number {
            value: chosen.value,
            unsigned: first.unsigned || second.unsigned,
        })
    }

    fn skipping(&mut self, skip: bool, parse: fn(&mut Self) -> Value) -> Value {
        self.skip += u32::from(skip);
        let value = parse(self);
        self.skip -= u32::from(skip);
        value
    }

    fn enter(&mut self) -> Result<(), Bad> {
        if self.depth >= MAX_DEPTH {
            return Err(self.unit.unsupported("expression nested too deeply").into());
        }
        self.depth += 1;
        Ok(())
    }

    /// Parses operators that bind at least as strongly as `level`.
    fn binary(&mut self, level: u8) -> Value {
        let mut left = self.unary()?;
        while let Some(strength) = strength(self.next.kind)
            && strength >= level
        {
            let operator = self.next.kind;
            self.advance()?;
            let skip = match operator {
                Kind::AndAnd => !left.is_true(),
                Kind::OrOr => left.is_true(),
                _ => false,
            };
            self.skip += u32::from(skip);
            let right = self.binary(strength + 1);
            self.skip -= u32::from(skip);
            left = apply(operator, left, right?, self.skip > 0).map_err(Bad::Error)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Value {
        self.enter()?;
        let value = self.operand()?;
        self.depth -= 1;
        Ok(value)
    }

    fn operand(&mut self) -> Value {
        let token = self.next;
        match token.kind {
            Kind::Plus | Kind::Minus | Kind::Compl | Kind::Not => {
                self.advance()?;
                let operand = self.unary()?;
                Ok(match token.kind {
                    Kind::Plus => operand,
                    Kind::Minus => Number {
                        value: operand.value.wrapping_neg(),
                        ..operand
                    },
                    Kind::Compl => Number {
                        value: !operand.value,
                        ..operand
                    },
                    _ => Number::truth(!operand.is_true()),
                })
            }
            Kind::OpenParen => {
                self.advance()?;
                if self.next.kind == Kind::CloseParen {
                    return Err(Bad::Error("missing expression between '(' and ')'"));
                }
                let value = self.comma()?;
                if self.next.kind != Kind::CloseParen {
                    return Err(Bad::Error("missing ')'"));
                }
                self.advance()?;
                Ok(value)
            }
            Kind::Number => {
                let value = integer(token.spelling()).map_err(Bad::Error)?;
                self.advance()?;
                Ok(value)
            }
            Kind::Char | Kind::PrefixedChar => {
                let dialect = self.unit.task.dialect;
                let widths = Widths {
                    char_bits: dialect.char_bits,
                    int_bits: dialect.int_bits,
                    char_unsigned: dialect.char_unsigned,
                    wchar_unsigned: dialect.wchar_unsigned,
                };
                let value = character(token.spelling(), widths)
                    .ok_or_else(|| self.unit.unsupported("character constant"))?;
                self.advance()?;
                Ok(value)
            }
            Kind::Name => self.name(Symbol(token.value)),
            Kind::Hash => Err(self.unit.unsupported("assertion").into()),
            Kind::End => Err(Bad::Error("operator has no right operand")),
            _ => Err(Bad::Error("token is not valid")),
        }
    }

    fn name(&mut self, name: Symbol) -> Value {
        let value = match name {
            Symbol::DEFINED => self.defined()?,
            Symbol::HAS_INCLUDE_OPERATOR | Symbol::HAS_INCLUDE_NEXT_OPERATOR
                if (5..10).contains(&self.unit.task.dialect.gcc.0) =>
            {
                let next = name == Symbol::HAS_INCLUDE_NEXT_OPERATOR;
                self.unit
                    .has_include(next)?
                    .ok_or(Bad::Error("malformed __has_include"))?
            }
            Symbol::TRUE => self.unit.task.dialect.mode.cplusplus(),
            _ => false,
        };
        self.advance()?;
        Ok(Number::truth(value))
    }

    /// Reads the operand of `defined`; its last token is then the current one.
    fn defined(&mut self) -> Result<bool, Bad> {
        self.unit.prevent += 1;
        let result = self.defined_operand();
        self.unit.prevent -= 1;
        result
    }

    fn defined_operand(&mut self) -> Result<bool, Bad> {
        self.advance()?;
        let parenthesis = self.next.kind == Kind::OpenParen;
        if parenthesis {
            self.advance()?;
        }
        let name = self
            .next
            .name()
            .ok_or(Bad::Error("operator \"defined\" requires an identifier"))?;
        if parenthesis {
            self.advance()?;
            if self.next.kind != Kind::CloseParen {
                return Err(Bad::Error("missing ')' after \"defined\""));
            }
        }
        Ok(self.unit.macros.is_defined(name))
    }
}

/// How strongly a binary operator binds.
fn strength(kind: Kind) -> Option<u8> {
    Some(match kind {
        Kind::OrOr => 1,
        Kind::AndAnd => 2,
        Kind::Or => 3,
        Kind::Xor => 4,
        Kind::And => 5,
        Kind::EqEq | Kind::NotEq => 6,
        Kind::Less | Kind::Greater | Kind::LessEq | Kind::GreaterEq => 7,
        Kind::Lshift | Kind::Rshift => 8,
        Kind::Plus | Kind::Minus => 9,
        Kind::Mult | Kind::Div | Kind::Mod => 10,
        _ => return None,
    })
}

/// Applies a binary operator with gcc's rules: the result is unsigned if one operand is, but for comparisons and shifts.
fn apply(operator: Kind, left: Number, right: Number, skip: bool) -> Result<Number, &'static str> {
    let unsigned = left.unsigned || right.unsigned;
    let number = |value| Number { value, unsigned };
    let (a, b) = (left.value, right.value);
    let less = if unsigned {
        a < b
    } else {
        (a as i64) < (b as i64)
    };
    Ok(match operator {
        Kind::OrOr => Number::truth(a != 0 || b != 0),
        Kind::AndAnd => Number::truth(a != 0 && b != 0),
        Kind::Or => number(a | b),
        Kind::Xor => number(a ^ b),
        Kind::And => number(a & b),
        Kind::EqEq => Number::truth(a == b),
        Kind::NotEq => Number::truth(a != b),
        Kind::Less => Number::truth(less),
        Kind::GreaterEq => Number::truth(!less),
        Kind::Greater => Number::truth(!less && a != b),
        Kind::LessEq => Number::truth(less || a == b),
        Kind::Lshift | Kind::Rshift => shift(left, right, operator == Kind::Lshift),
        Kind::Plus => number(a.wrapping_add(b)),
        Kind::Minus => number(a.wrapping_sub(b)),
        Kind::Mult => number(a.wrapping_mul(b)),
        Kind::Div | Kind::Mod if b == 0 => {
            if !skip {
                return Err("division by zero");
            }
            number(0)
        }
        Kind::Div if unsigned => number(a / b),
        Kind::Mod if unsigned => number(a % b),
        Kind::Div => number((a as i64).wrapping_div(b as i64) as u64),
        _ => number((a as i64).wrapping_rem(b as i64) as u64),
    })
}

/// Shifts; a negative count shifts the other way.
fn shift(left: Number, right: Number, to_left: bool) -> Number {
    let (to_left, count) = if right.is_negative() {
        (!to_left, right.value.wrapping_neg())
    } else {
        (to_left, right.value)
    };
    let value = match (
        to_left,
        u32::try_from(count).ok().filter(|&count| count < 64),
    ) {
        (true, Some(count)) => left.value << count,
        (true, None) => 0,
        (false, Some(count)) if left.is_negative() => ((left.value as i64) >> count) as u64,
        (false, Some(count)) => left.value >> count,
        (false, None) if left.is_negative() => u64::MAX,
        (false, None) => 0,
    };
    Number {
        value,
        unsigned: left.unsigned,
    }
}
