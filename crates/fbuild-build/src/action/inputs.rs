//! Everything that the outputs of an action depend on.
//!
//! A compile depends on hundreds of headers, and most of a plan's actions have the same ones. So a compile holds the files it reads and names
//! them when somebody asks, which happens only for actions that run; their fingerprint is made without a list.

use std::sync::Arc;

use camino::Utf8PathBuf;
use fbuild_cpp::Closure;
use fbuild_model::fingerprint::{FingerprintWriter, PartKind};
use fbuild_model::{Digest, DigestWriter, Fingerprint, Parts};

use crate::action::path_map::PathMap;

/// What the outputs of an action depend on.
#[derive(Debug, Clone)]
pub enum Inputs {
    /// These, in order.
    Listed(Parts),
    /// What a compile depends on.
    Compile(Compile),
}

/// What the outputs of a compile depend on.
#[derive(Debug, Clone)]
pub struct Compile {
    /// Everything but files that are read.
    pub command: Parts,
    /// The files, the source first.
    pub files: Arc<Closure>,
    /// Digests that count for generated files in place of those of their contents.
    pub generated: Vec<(Utf8PathBuf, Digest)>,
    /// How the preamble is used, if the compile uses one; it stands for files that are listed anyway.
    pub pch: Option<&'static str>,
}

impl Inputs {
    /// Returns the fingerprint; `roots` are the directories that are known by name.
    pub fn fingerprint(&self, path_map: &PathMap) -> Fingerprint {
        let mut writer = FingerprintWriter::default();
        self.each(path_map, &mut |kind, name, digest| {
            writer.add(kind, name, digest);
        });
        writer.finish()
    }

    /// Returns the list that the fingerprint is made of.
    pub fn parts(&self, path_map: &PathMap) -> Parts {
        let mut parts = Parts::default();
        self.each(path_map, &mut |kind, name, digest| {
            parts.add(kind, name, digest);
        });
        parts
    }

    fn each(&self, path_map: &PathMap, add: &mut dyn FnMut(PartKind, &str, Digest)) {
        let (first, compile) = match self {
            Self::Listed(parts) => (parts, None),
            Self::Compile(compile) => (&compile.command, Some(compile)),
        };
        for part in first.iter() {
            add(part.kind, &part.name, part.digest);
        }
        if let Some(compile) = compile {
            compile.each_file(path_map, add);
            if let Some(how) = compile.pch {
                add(PartKind::Argument, how, Digest::of(how.as_bytes()));
            }
        }
    }
}

impl Compile {
    fn each_file(&self, path_map: &PathMap, add: &mut dyn FnMut(PartKind, &str, Digest)) {
        let closure = &self.files;
        let mut kind = PartKind::Source;
        for file in &closure.files {
            let mut own = self.generated.iter();
            let digest = own
                .find(|(path, _)| path == file.path())
                .map_or_else(|| file.digest(), |(_, digest)| *digest);
            add(kind, &path_map.path(file.path()), digest);
            kind = PartKind::Header;
        }
        for name in &closure.absent {
            add(kind, &format!("{name} (absent)"), Digest::of(b""));
        }
        if closure.uses_path {
            let mut paths = DigestWriter::new("paths");
            closure.files.iter().for_each(|file| {
                paths.field(file.path().as_str());
            });
            add(PartKind::Source, "__FILE__", paths.finish());
        }
    }
}

#[cfg(test)]
mod tests {
    use fbuild_cpp::SourceTree;

    use super::*;

    fn compile(uses_path: bool) -> Compile {
        let tree = SourceTree::new();
        let files = ["/s/x.cpp", "/lib/x.h"];
        let files = files.map(|path| tree.insert(path.into(), path.as_bytes().to_vec()));
        let mut command = Parts::default();
        command.argument("-Os");
        Compile {
            command,
            files: Arc::new(Closure {
                files: files.to_vec(),
                absent: vec!["options.h".to_owned()],
                uses_path,
                ..Closure::default()
            }),
            generated: vec![("/s/x.cpp".into(), Digest::of(b"generated"))],
            pch: None,
        }
    }

    fn path_map(library: &str) -> PathMap {
        let mut path_map = PathMap::default();
        path_map.add(library, "library:X");
        path_map
    }

    #[test]
    fn the_list_and_the_fingerprint_say_the_same() {
        let path_map = path_map("/lib");
        for uses_path in [false, true] {
            let inputs = Inputs::Compile(compile(uses_path));
            let parts = inputs.parts(&path_map);
            assert_eq!(inputs.fingerprint(&path_map), parts.fingerprint());
            let mut expect = vec![
                (PartKind::Argument, "-Os"),
                (PartKind::Source, "/s/x.cpp"),
                (PartKind::Header, "{library:X}/x.h"),
                (PartKind::Header, "options.h (absent)"),
            ];
            expect.extend(uses_path.then_some((PartKind::Source, "__FILE__")));
            let found: Vec<_> = parts
                .iter()
                .map(|part| (part.kind, part.name.as_str()))
                .collect();
            assert_eq!(found, expect);
            let digest = |at: usize| parts.iter().nth(at).unwrap().digest;
            assert_eq!(digest(1), Digest::of(b"generated"));
            assert_eq!(digest(2), Digest::of(b"/lib/x.h"));
            let listed = Inputs::Listed(parts);
            assert_eq!(listed.fingerprint(&path_map), inputs.fingerprint(&path_map));
        }
    }

    #[test]
    fn a_preamble_and_a_path_that_counts_make_a_difference() {
        let plain = compile(false);
        let pch = Some("preamble");
        let with = Compile {
            pch,
            ..plain.clone()
        };
        let print = |compile: &Compile, library: &str| {
            Inputs::Compile(compile.clone()).fingerprint(&path_map(library))
        };
        assert_ne!(print(&plain, "/lib"), print(&with, "/lib"));
        assert_ne!(print(&plain, "/lib"), print(&compile(true), "/lib"));
        assert_ne!(
            print(&plain, "/lib"),
            print(&plain, "/other"),
            "the header is no longer the library's"
        );
    }
}
