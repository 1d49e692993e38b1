//! The calls of the scripted tools.

use std::collections::{BTreeMap, HashMap};

use camino::Utf8Path;

/// What a call was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A question to the compiler (`-dumpversion`, `-dM` …).
    Query,
    /// `-E`.
    Preprocess,
    /// A header is precompiled.
    Precompile,
    /// `-c`.
    Compile,
    /// `ar`.
    Archive,
    /// A link.
    Link,
    /// `objcopy`.
    Objcopy,
    /// `size`.
    Size,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What it was for.
    pub role: Role,
    /// The command line.
    pub argv: Vec<String>,
    /// When it began, in seconds.
    pub begin: f64,
    /// When it ended and with which code; `None` if it was killed.
    pub end: Option<(f64, u8)>,
}

impl Call {
    /// Returns the source of a compile or preprocessing: the argument with a source's extension.
    pub fn source(&self) -> Option<&str> {
        let extensions = [".c", ".cc", ".cpp", ".cxx", ".S"];
        self.argv
            .iter()
            .skip(1)
            .map(String::as_str)
            .find(|arg| !arg.starts_with('-') && extensions.iter().any(|end| arg.ends_with(end)))
    }

    /// Returns whether an argument contains `text`.
    pub fn mentions(&self, text: &str) -> bool {
        self.argv.iter().any(|arg| arg.contains(text))
    }
}

/// All calls, in the order in which they began.
#[derive(Debug, Clone, Default)]
pub struct Calls(pub Vec<Call>);

impl Calls {
    /// Reads what the tools noted in `dir`.
    ///
    /// # Panics
    /// If a line is not understood.
    pub fn read(dir: &Utf8Path) -> Self {
        let text = std::fs::read_to_string(dir.join("calls")).unwrap_or_default();
        let mut calls: Vec<Call> = Vec::new();
        let mut by_id: HashMap<&str, usize> = HashMap::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\u{1f}').collect();
            match fields.as_slice() {
                ["begin", id, time, _tool, role, argv] => {
                    by_id.insert(id, calls.len());
                    let argv = argv.split('\u{1e}').map(str::to_owned).collect();
                    calls.push(Call {
                        role: parse_role(role),
                        argv,
                        begin: seconds(time),
                        end: None,
                    });
                }
                ["end", id, time, code] => {
                    let call = by_id
                        .get(id)
                        .and_then(|&index| calls.get_mut(index))
                        .expect("a call ends after it began");
                    call.end = Some((seconds(time), code.parse().expect("the code is a number")));
                }
                _ => panic!("a line of the scripted tools that is not understood: {line}"),
            }
        }
        Self(calls)
    }

    /// Returns the calls of one role.
    pub fn of(&self, role: Role) -> Vec<&Call> {
        self.0.iter().filter(|call| call.role == role).collect()
    }

    /// Returns how often each source was compiled.
    pub fn compiled(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for source in self.of(Role::Compile).into_iter().filter_map(Call::source) {
            *counts.entry(source).or_default() += 1;
        }
        counts
    }

    /// Returns how often a source whose path ends so was compiled.
    pub fn compiles_of(&self, end: &str) -> usize {
        self.compiled()
            .iter()
            .filter(|(source, _)| source.ends_with(end))
            .map(|(_, count)| count)
            .sum()
    }

    /// Returns the largest number of these calls that were under way at once.
    pub fn most_at_once(calls: &[&Call]) -> usize {
        // At equal times an end counts first.
        let mut changes: Vec<(f64, i32)> = Vec::new();
        for call in calls {
            changes.push((call.begin, 1));
            changes.extend(call.end.map(|(time, _)| (time, -1)));
        }
        changes.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        let mut now = 0;
        let most = changes.iter().map(|(_, change)| {
            now += change;
            now
        });
        usize::try_from(most.max().unwrap_or(0)).unwrap_or(0)
    }
}

fn parse_role(word: &str) -> Role {
    match word {
        "query" => Role::Query,
        "preprocess" => Role::Preprocess,
        "precompile" => Role::Precompile,
        "compile" => Role::Compile,
        "archive" => Role::Archive,
        "link" => Role::Link,
        "objcopy" => Role::Objcopy,
        "size" => Role::Size,
        _ => panic!("unknown role `{word}`"),
    }
}

fn seconds(microseconds: &str) -> f64 {
    microseconds.parse::<f64>().expect("the time is a number") / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(begin: f64, end: f64) -> Call {
        Call {
            role: Role::Compile,
            argv: vec!["fake-gcc".into(), "-c".into(), "/w/a b.c".into()],
            begin,
            end: Some((end, 0)),
        }
    }

    #[test]
    fn overlap_is_counted() {
        let most = |times: &[(f64, f64)]| {
            let calls: Vec<Call> = times.iter().map(|&(begin, end)| call(begin, end)).collect();
            Calls::most_at_once(&calls.iter().collect::<Vec<_>>())
        };
        assert_eq!(most(&[]), 0);
        assert_eq!(most(&[(0.0, 1.0), (1.0, 2.0)]), 1);
        assert_eq!(most(&[(0.0, 1.0), (0.5, 2.0), (0.9, 3.0), (2.5, 4.0)]), 3);
    }

    #[test]
    fn lines_become_calls() {
        let dir = tempfile::tempdir().expect("make a temporary directory");
        let dir = Utf8Path::from_path(dir.path()).expect("the path is UTF-8");
        let text = "begin\u{1f}1\u{1f}1000000\u{1f}fake-gcc\u{1f}compile\u{1f}/b/fake-gcc\u{1e}-c\u{1e}/w/a b.c\n\
                    begin\u{1f}2\u{1f}1500000\u{1f}fake-ar\u{1f}archive\u{1f}/b/fake-ar\n\
                    end\u{1f}1\u{1f}2000000\u{1f}1\n";
        fs_err::write(dir.join("calls"), text).expect("write");
        let calls = Calls::read(dir);
        assert_eq!(calls.0.len(), 2);
        assert_eq!(
            (calls.0[0].source(), calls.0[0].end),
            (Some("/w/a b.c"), Some((2.0, 1)))
        );
        assert_eq!((calls.0[1].role, calls.0[1].end), (Role::Archive, None));
        assert_eq!(calls.compiles_of("a b.c"), 1);
    }
}
