//! The kinds of source files and hooks, and the keys of their recipes.

use camino::Utf8Path;

/// A compiled file's language, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// `.c`
    C,
    /// `.cpp`
    Cpp,
    /// `.cc`
    Cc,
    /// `.cxx`
    Cxx,
    /// `.S`
    Assembler,
}

impl SourceKind {
    /// Returns the kind of a file; `None` for files that are never compiled. Upper and lower case differ.
    pub fn of(path: &Utf8Path) -> Option<Self> {
        match path.extension()? {
            "c" => Some(Self::C),
            "cpp" => Some(Self::Cpp),
            "cc" => Some(Self::Cc),
            "cxx" => Some(Self::Cxx),
            "S" => Some(Self::Assembler),
            _ => None,
        }
    }

    /// Returns the recipe's key of its own and the one that serves if that is not defined.
    pub(crate) fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::C => ("recipe.c.o.pattern", "recipe.c.o.pattern"),
            Self::Cpp => ("recipe.cpp.o.pattern", "recipe.cpp.o.pattern"),
            Self::Cc => ("recipe.cc.o.pattern", "recipe.cpp.o.pattern"),
            Self::Cxx => ("recipe.cxx.o.pattern", "recipe.cpp.o.pattern"),
            Self::Assembler => ("recipe.S.o.pattern", "recipe.S.o.pattern"),
        }
    }
}

/// A point of a build at which a platform may run commands of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the recipes' keys")]
pub enum HookPoint {
    Prebuild,
    SketchPrebuild,
    SketchPostbuild,
    LibrariesPrebuild,
    LibrariesPostbuild,
    CorePrebuild,
    CorePostbuild,
    LinkingPrelink,
    LinkingPostlink,
    ObjcopyPreobjcopy,
    ObjcopyPostobjcopy,
    Postbuild,
    SavehexPresavehex,
    SavehexPostsavehex,
}

impl HookPoint {
    /// Every place, in the order of a build.
    pub const ALL: [Self; 14] = [
        Self::Prebuild,
        Self::SketchPrebuild,
        Self::SketchPostbuild,
        Self::LibrariesPrebuild,
        Self::LibrariesPostbuild,
        Self::CorePrebuild,
        Self::CorePostbuild,
        Self::LinkingPrelink,
        Self::LinkingPostlink,
        Self::ObjcopyPreobjcopy,
        Self::ObjcopyPostobjcopy,
        Self::Postbuild,
        Self::SavehexPresavehex,
        Self::SavehexPostsavehex,
    ];

    /// Returns the keys' prefix: `recipe.hooks.core.prebuild`.
    pub fn family(self) -> &'static str {
        match self {
            Self::Prebuild => "recipe.hooks.prebuild",
            Self::SketchPrebuild => "recipe.hooks.sketch.prebuild",
            Self::SketchPostbuild => "recipe.hooks.sketch.postbuild",
            Self::LibrariesPrebuild => "recipe.hooks.libraries.prebuild",
            Self::LibrariesPostbuild => "recipe.hooks.libraries.postbuild",
            Self::CorePrebuild => "recipe.hooks.core.prebuild",
            Self::CorePostbuild => "recipe.hooks.core.postbuild",
            Self::LinkingPrelink => "recipe.hooks.linking.prelink",
            Self::LinkingPostlink => "recipe.hooks.linking.postlink",
            Self::ObjcopyPreobjcopy => "recipe.hooks.objcopy.preobjcopy",
            Self::ObjcopyPostobjcopy => "recipe.hooks.objcopy.postobjcopy",
            Self::Postbuild => "recipe.hooks.postbuild",
            Self::SavehexPresavehex => "recipe.hooks.savehex.presavehex",
            Self::SavehexPostsavehex => "recipe.hooks.savehex.postsavehex",
        }
    }
}
