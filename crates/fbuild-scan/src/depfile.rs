//! The compiler's dependency files (semantics 7.8).
//!
//! Read as gcc writes them, not as make reads them: gcc escapes a blank as `\ ` (doubling backslashes before it), `#` as `\#` and `$` as `$$`,
//! and leaves every other backslash alone.

use std::collections::HashSet;

use camino::Utf8PathBuf;

/// Says why a dependency file could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DepfileError {
    /// A rule without a colon.
    #[error("read dependency file: line {line}: no `:` after the target")]
    NoColon {
        /// The line, counted from 1.
        line: usize,
    },
    /// A name that is not UTF-8.
    #[error("read dependency file: line {line}: a file name is not UTF-8")]
    NotUtf8 {
        /// The line, counted from 1.
        line: usize,
    },
}

/// What a dependency file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depfile {
    /// The targets of the first rule: the object.
    pub targets: Vec<Utf8PathBuf>,
    /// What the object depends on, the source first, each once, in order. Rules without prerequisites (`-MP`) add nothing.
    pub dependencies: Vec<Utf8PathBuf>,
}

impl Depfile {
    /// Reads the content of a `.d` file. An empty file has no targets.
    ///
    /// # Errors
    /// A rule without a colon, a name that is not UTF-8.
    pub fn parse(bytes: &[u8]) -> Result<Self, DepfileError> {
        let mut file = Self::default();
        let mut seen = HashSet::new();
        let mut reader = Reader {
            bytes,
            at: 0,
            line: 1,
        };
        while let Some(Self {
            targets,
            dependencies,
        }) = reader.rule()?
        {
            if file.targets.is_empty() {
                file.targets = targets;
            }
            for dependency in dependencies {
                if seen.insert(dependency.clone()) {
                    file.dependencies.push(dependency);
                }
            }
        }
        Ok(file)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

/// A piece of a rule.
enum Token {
    Word { bytes: Vec<u8>, ends_target: bool },
    EndOfRule,
}

impl Reader<'_> {
    /// Reads one rule; repeated names stay.
    fn rule(&mut self) -> Result<Option<Depfile>, DepfileError> {
        let (mut targets, mut dependencies, mut in_targets) = (Vec::new(), Vec::new(), true);
        loop {
            let line = self.line;
            match self.token() {
                Some(Token::Word { bytes, ends_target }) => {
                    if !bytes.is_empty() {
                        let line = self.line;
                        let path = String::from_utf8(bytes)
                            .map_err(|_| DepfileError::NotUtf8 { line })?
                            .into();
                        if in_targets {
                            &mut targets
                        } else {
                            &mut dependencies
                        }
                        .push(path);
                    }
                    in_targets &= !ends_target;
                }
                Some(Token::EndOfRule) if targets.is_empty() && in_targets => {}
                Some(Token::EndOfRule) if in_targets => return Err(DepfileError::NoColon { line }),
                Some(Token::EndOfRule) => {
                    return Ok(Some(Depfile {
                        targets,
                        dependencies,
                    }));
                }
                None if targets.is_empty() => return Ok(None),
                None if in_targets => return Err(DepfileError::NoColon { line }),
                None => {
                    return Ok(Some(Depfile {
                        targets,
                        dependencies,
                    }));
                }
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// The number of bytes of the line end `ahead` of here; 0 if there is none.
    fn line_end(&self, ahead: usize) -> usize {
        match (self.peek(ahead), self.peek(ahead + 1)) {
            (Some(b'\n'), _) => 1,
            (Some(b'\r'), Some(b'\n')) => 2,
            _ => 0,
        }
    }

    fn token(&mut self) -> Option<Token> {
        loop {
            match self.peek(0)? {
                b' ' | b'\t' => self.at += 1,
                b'\\' if self.line_end(1) > 0 => {
                    self.at += 1 + self.line_end(1);
                    self.line += 1;
                }
                _ if self.line_end(0) > 0 => {
                    self.at += self.line_end(0);
                    self.line += 1;
                    return Some(Token::EndOfRule);
                }
                _ => return Some(self.word()),
            }
        }
    }

    fn word(&mut self) -> Token {
        let mut bytes = Vec::new();
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' => break,
                _ if self.line_end(0) > 0 => break,
                b'\\' => {
                    let run = self.bytes[self.at..]
                        .iter()
                        .take_while(|&&byte| byte == b'\\')
                        .count();
                    match self.peek(run) {
                        // Before a blank, backslashes come in pairs, and an odd one escapes the blank.
                        Some(blank @ (b' ' | b'\t')) => {
                            bytes.resize(bytes.len() + run / 2, b'\\');
                            self.at += run;
                            if run % 2 == 0 {
                                break;
                            }
                            bytes.push(blank);
                            self.at += 1;
                        }
                        Some(escaped @ (b'#' | b':'))
                            if escaped == b'#' || !self.colon_ends_target(run) =>
                        {
                            bytes.resize(bytes.len() + run - 1, b'\\');
                            bytes.push(escaped);
                            self.at += run + 1;
                        }
                        _ if self.line_end(run) > 0 => {
                            bytes.resize(bytes.len() + run - 1, b'\\');
                            self.at += run - 1;
                            break;
                        }
                        _ => {
                            bytes.resize(bytes.len() + run, b'\\');
                            self.at += run;
                        }
                    }
                }
                b'$' if self.peek(1) == Some(b'$') => {
                    bytes.push(b'$');
                    self.at += 2;
                }
                // A colon ends the target only before a blank, so that `C:\x.o: …` and names with colons stay whole.
                b':' if self.colon_ends_target(0) => {
                    self.at += 1;
                    return Token::Word {
                        bytes,
                        ends_target: true,
                    };
                }
                byte => {
                    bytes.push(byte);
                    self.at += 1;
                }
            }
        }
        Token::Word {
            bytes,
            ends_target: false,
        }
    }

    /// Whether the colon `ahead` of here ends the targets.
    fn colon_ends_target(&self, ahead: usize) -> bool {
        match self.peek(ahead + 1) {
            None | Some(b' ' | b'\t') => true,
            Some(b'\\') => self.line_end(ahead + 2) > 0,
            Some(_) => self.line_end(ahead + 1) > 0,
        }
    }
}
