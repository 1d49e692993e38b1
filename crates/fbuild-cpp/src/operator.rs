//! Operators: by sign, and in C++ by word.

use crate::mode::Mode;
use crate::symbol::Symbol;
use crate::token::Kind;

/// Returns the operator that a C++ word is another spelling of.
pub(crate) fn named_operator(symbol: Symbol) -> Option<Kind> {
    if symbol < Symbol::AND || symbol > Symbol::XOR_EQ {
        return None;
    }
    const KINDS: [Kind; 11] = [
        Kind::AndAnd,
        Kind::AndEq,
        Kind::And,
        Kind::Or,
        Kind::Compl,
        Kind::Not,
        Kind::NotEq,
        Kind::OrOr,
        Kind::OrEq,
        Kind::Xor,
        Kind::XorEq,
    ];
    KINDS.get((symbol.0 - Symbol::AND.0) as usize).copied()
}

/// Reads an operator: its kind, its length and whether it is written as a digraph.
pub(crate) fn operator(text: &[u8], mode: Mode) -> (Kind, usize, bool) {
    let at = |n: usize| text.get(n).copied().unwrap_or(b'\n');
    let plain = |kind, length| (kind, length, false);
    let cplusplus = mode.cplusplus();
    if mode.digraphs() {
        match (at(0), at(1)) {
            // C++11 reads `<::` as `<` and `::`, unless `:` or `>` follows.
            (b'<', b':')
                if matches!(mode, Mode::Cxx | Mode::NewCxx)
                    && at(2) == b':'
                    && !matches!(at(3), b':' | b'>') =>
            {
                return plain(Kind::Less, 1);
            }
            (b'<', b':') => return (Kind::OpenSquare, 2, true),
            (b':', b'>') => return (Kind::CloseSquare, 2, true),
            (b'<', b'%') => return (Kind::OpenBrace, 2, true),
            (b'%', b'>') => return (Kind::CloseBrace, 2, true),
            (b'%', b':') if at(2) == b'%' && at(3) == b':' => return (Kind::Paste, 4, true),
            (b'%', b':') => return (Kind::Hash, 2, true),
            _ => {}
        }
    }
    match (at(0), at(1), at(2)) {
        (b'<', b'<', b'=') => plain(Kind::LshiftEq, 3),
        (b'>', b'>', b'=') => plain(Kind::RshiftEq, 3),
        (b'.', b'.', b'.') => plain(Kind::Ellipsis, 3),
        (b'-', b'>', b'*') if cplusplus => plain(Kind::DerefStar, 3),
        (b'<', b'<', _) => plain(Kind::Lshift, 2),
        (b'>', b'>', _) => plain(Kind::Rshift, 2),
        (b'=', b'=', _) => plain(Kind::EqEq, 2),
        (b'!', b'=', _) => plain(Kind::NotEq, 2),
        (b'>', b'=', _) => plain(Kind::GreaterEq, 2),
        (b'<', b'=', _) => plain(Kind::LessEq, 2),
        (b'+', b'=', _) => plain(Kind::PlusEq, 2),
        (b'-', b'=', _) => plain(Kind::MinusEq, 2),
        (b'*', b'=', _) => plain(Kind::MultEq, 2),
        (b'/', b'=', _) => plain(Kind::DivEq, 2),
        (b'%', b'=', _) => plain(Kind::ModEq, 2),
        (b'&', b'=', _) => plain(Kind::AndEq, 2),
        (b'|', b'=', _) => plain(Kind::OrEq, 2),
        (b'^', b'=', _) => plain(Kind::XorEq, 2),
        (b'&', b'&', _) => plain(Kind::AndAnd, 2),
        (b'|', b'|', _) => plain(Kind::OrOr, 2),
        (b'#', b'#', _) => plain(Kind::Paste, 2),
        (b'+', b'+', _) => plain(Kind::PlusPlus, 2),
        (b'-', b'-', _) => plain(Kind::MinusMinus, 2),
        (b'-', b'>', _) => plain(Kind::Deref, 2),
        (b':', b':', _) if cplusplus => plain(Kind::Scope, 2),
        (b'.', b'*', _) if cplusplus => plain(Kind::DotStar, 2),
        (b'=', ..) => plain(Kind::Eq, 1),
        (b'!', ..) => plain(Kind::Not, 1),
        (b'>', ..) => plain(Kind::Greater, 1),
        (b'<', ..) => plain(Kind::Less, 1),
        (b'+', ..) => plain(Kind::Plus, 1),
        (b'-', ..) => plain(Kind::Minus, 1),
        (b'*', ..) => plain(Kind::Mult, 1),
        (b'/', ..) => plain(Kind::Div, 1),
        (b'%', ..) => plain(Kind::Mod, 1),
        (b'&', ..) => plain(Kind::And, 1),
        (b'|', ..) => plain(Kind::Or, 1),
        (b'^', ..) => plain(Kind::Xor, 1),
        (b'~', ..) => plain(Kind::Compl, 1),
        (b'?', ..) => plain(Kind::Query, 1),
        (b':', ..) => plain(Kind::Colon, 1),
        (b',', ..) => plain(Kind::Comma, 1),
        (b'(', ..) => plain(Kind::OpenParen, 1),
        (b')', ..) => plain(Kind::CloseParen, 1),
        (b'#', ..) => plain(Kind::Hash, 1),
        (b'[', ..) => plain(Kind::OpenSquare, 1),
        (b']', ..) => plain(Kind::CloseSquare, 1),
        (b'{', ..) => plain(Kind::OpenBrace, 1),
        (b'}', ..) => plain(Kind::CloseBrace, 1),
        (b';', ..) => plain(Kind::Semicolon, 1),
        (b'.', ..) => plain(Kind::Dot, 1),
        _ => plain(Kind::Other, 1),
    }
}
