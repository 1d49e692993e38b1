//! From recipes to commands.
//!
//! A recipe's markers are looked up in layers: the values of one command, then `--build-property`, then the values of one build, then the
//! board's. Texts of paths are protected on their way through, so that a path with braces is not read as a marker.

mod kinds;
mod words;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::properties::{expand, remove_unknown};
use fbuild_model::{Command, Properties};

use crate::board::BoardSpec;
use crate::error::RecipeError;
use crate::split::split_arguments;

pub use kinds::{HookPoint, SourceKind};
pub use words::fit_command_line;

use words::{include_words, protect, quoted_words, restore, set_path};

/// Properties that differ from sketch to sketch.
const SKETCH_VALUES: [&str; 4] = [
    "build.path",
    "build.project_name",
    "build.source.path",
    "sketch_path",
];

/// Where one sketch is and is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SketchPaths {
    /// The main file's name: `Blink.ino`.
    pub name: String,
    /// The sketch's folder, canonical.
    pub source: Utf8PathBuf,
    /// The folder it is built in, absolute; best without symbolic links, as `..` may be appended to it.
    pub build: Utf8PathBuf,
}

/// A board's recipes with the values of one build.
#[derive(Debug, Clone)]
pub struct SketchRecipes {
    spec: BoardSpec,
    build_dir: Utf8PathBuf,
    values: Properties,
    libraries_ldflags: Option<String>,
}

impl SketchRecipes {
    /// Returns a board's recipes for one sketch's build.
    pub fn for_sketch(spec: &BoardSpec, paths: &SketchPaths) -> Self {
        let SketchPaths {
            name,
            source,
            build,
        } = paths;
        let values = [
            ("build.project_name", name.as_str()),
            ("build.path", build.as_str()),
            ("build.source.path", source.as_str()),
            ("sketch_path", source.as_str()),
        ];
        let values = values
            .into_iter()
            .map(|(key, value)| (key, protect(value)))
            .collect();
        Self {
            spec: spec.clone(),
            build_dir: build.clone(),
            values,
            libraries_ldflags: None,
        }
    }

    /// Returns a board's recipes for what sketches share, built in `build_dir`; they contain no sketch's name or folder.
    pub fn for_shared(spec: &BoardSpec, build_dir: &Utf8Path) -> Self {
        let paths = SketchPaths {
            name: "shared.ino".to_owned(),
            source: build_dir.to_owned(),
            build: build_dir.to_owned(),
        };
        Self::for_sketch(spec, &paths)
    }

    /// Returns the board.
    pub fn board(&self) -> &BoardSpec {
        &self.spec
    }

    /// Returns the folder of the build.
    pub fn build_dir(&self) -> &Utf8Path {
        &self.build_dir
    }

    /// Returns the recipes with `extra` appended to `compiler.libraries.ldflags`: flags of precompiled libraries.
    ///
    /// `None` if the platform does not define that property, which then does not support such libraries.
    pub fn with_libraries_ldflags(&self, extra: &str) -> Option<Self> {
        let value = self
            .libraries_ldflags
            .as_deref()
            .or_else(|| self.spec.raw("compiler.libraries.ldflags"))?;
        let value = format!("{value}{}", protect(extra));
        Some(Self {
            libraries_ldflags: Some(value),
            ..self.clone()
        })
    }

    /// Returns all properties by key, with those of this build, expanded or as they are written.
    pub fn properties(&self, expanded: bool) -> Vec<(String, String)> {
        let keys: std::collections::BTreeSet<&str> =
            self.spec.keys().chain(self.values.keys()).collect();
        let none = Properties::new();
        let value = |key: &str| {
            let value = self.value(&none, key).unwrap_or_default();
            restore(&if expanded {
                self.expand(&none, value)
            } else {
                value.to_owned()
            })
        };
        keys.into_iter()
            .map(|key| (key.to_owned(), value(key)))
            .collect()
    }

    /// Returns the command that compiles `source` to `object`.
    pub fn compile(
        &self,
        includes: &[Utf8PathBuf],
        source: &Utf8Path,
        object: &Utf8Path,
    ) -> Result<Command, RecipeError> {
        let kind =
            SourceKind::of(source).ok_or_else(|| RecipeError::Extension(source.to_owned()))?;
        let (own, fallback) = kind.keys();
        let key = if self.is_defined(own) { own } else { fallback };
        let mut values = self.checked_values();
        values.set("includes", include_words(includes)?);
        set_path(&mut values, "source_file", source)?;
        set_path(&mut values, "object_file", object)?;
        self.command(key, &values)
    }

    /// Returns the command that adds one object to an archive; it is run once per object.
    pub fn archive(&self, archive: &Utf8Path, object: &Utf8Path) -> Result<Command, RecipeError> {
        let mut values = Properties::new();
        set_path(
            &mut values,
            "archive_file",
            archive.file_name().unwrap_or_default(),
        )?;
        set_path(&mut values, "archive_file_path", archive)?;
        set_path(&mut values, "object_file", object)?;
        self.command("recipe.ar.pattern", &values)
    }

    /// Returns the commands that link.
    ///
    /// `objects` are objects, archives and raw words such as `-Wl,--whole-archive`, in order. `archive` is the core's archive; it may lie
    /// outside the build folder, to which recipes name it relatively.
    pub fn link<S: AsRef<str>>(
        &self,
        objects: &[S],
        archive: &Utf8Path,
    ) -> Result<Vec<Command>, RecipeError> {
        let mut values = self.checked_values();
        let relative = pathdiff::diff_utf8_paths(archive, &self.build_dir)
            .unwrap_or_else(|| archive.to_owned());
        set_path(&mut values, "archive_file", relative)?;
        set_path(&mut values, "archive_file_path", archive)?;
        values.set(
            "object_files",
            quoted_words(objects.iter().map(AsRef::as_ref))?,
        );
        self.family("recipe.c.combine", &values, true)
    }

    /// Returns the commands that make the files to flash from the linked program.
    pub fn objcopy(&self) -> Result<Vec<Command>, RecipeError> {
        self.family("recipe.objcopy", &Properties::new(), false)
    }

    /// Returns the commands of one hook, often none.
    pub fn hooks(&self, point: HookPoint) -> Result<Vec<Command>, RecipeError> {
        self.family(point.family(), &Properties::new(), false)
    }

    /// Returns the command whose output tells the sizes; `None` if the platform has none.
    pub fn size(&self) -> Result<Option<Command>, RecipeError> {
        self.optional("recipe.size.pattern")
    }

    /// Returns the command whose output tells the sizes as JSON; `None` if the platform has none.
    pub fn advanced_size(&self) -> Result<Option<Command>, RecipeError> {
        self.optional("recipe.advanced_size.pattern")
    }

    /// Returns the command that preprocesses `source`, as C++ whatever it is, into `target`.
    ///
    /// With `depfile` the files read are written there too.
    pub fn preprocess(
        &self,
        includes: &[Utf8PathBuf],
        source: &Utf8Path,
        target: &Utf8Path,
        depfile: Option<&Utf8Path>,
    ) -> Result<Command, RecipeError> {
        let key = "recipe.preproc.macros";
        let mut values = Properties::new();
        values.set("build.library_discovery_phase", "1");
        values.set("includes", include_words(includes)?);
        set_path(&mut values, "source_file", source)?;
        set_path(&mut values, "preprocessed_file_path", target)?;
        let recipe = match self.value(&values, key).filter(|recipe| !recipe.is_empty()) {
            Some(recipe) => recipe.to_owned(),
            None => {
                let flags = "{compiler.cpp.flags}";
                let compile = self
                    .value(&values, "recipe.cpp.o.pattern")
                    .unwrap_or_default()
                    .to_owned();
                if self.value(&values, "preproc.macros.flags").is_none() {
                    values.set("preproc.macros.flags", "-w -x c++ -E -CC");
                }
                compile
                    .replacen(flags, &format!("{flags} {{preproc.macros.flags}}"), 1)
                    .replace("{object_file}", "{preprocessed_file_path}")
            }
        };
        if recipe.is_empty() {
            return Err(RecipeError::Missing(key.to_owned()));
        }
        let line = remove_unknown(&self.expand(&values, &recipe));
        let mut argv: Vec<String> = split_arguments(&line)
            .iter()
            .map(|argument| restore(argument))
            .collect();
        argv.retain(|argument| argument != "-MMD");
        if let Some(depfile) = depfile {
            argv.extend(["-MMD".to_owned(), "-MF".to_owned(), depfile.to_string()]);
        }
        Command::from_argv(argv).ok_or_else(|| RecipeError::Empty(key.to_owned()))
    }

    /// Returns the first value of one build (`build.path`, `sketch_path` …) that a compile recipe refers to, also through other properties.
    ///
    /// Commands of such a board must not be shared between sketches as they are, because their text differs.
    pub fn sketch_value_in_compile(&self) -> Option<&'static str> {
        let values = self.checked_values();
        let mut found = None;
        for kind in [
            SourceKind::Cpp,
            SourceKind::C,
            SourceKind::Assembler,
            SourceKind::Cc,
            SourceKind::Cxx,
        ] {
            let Some(recipe) = self.value(&values, kind.keys().0) else {
                continue;
            };
            expand(recipe, |key| {
                let per_sketch = SKETCH_VALUES.into_iter().find(|known| *known == key);
                if found.is_none() && self.spec.overridden(key).is_none() {
                    found = per_sketch;
                }
                self.value(&values, key)
            });
        }
        found
    }

    /// Returns the layer of commands whose warnings follow `--warnings`.
    fn checked_values(&self) -> Properties {
        [("compiler.warning_flags", self.spec.warning_flags())]
            .into_iter()
            .collect()
    }

    fn value<'a>(&'a self, values: &'a Properties, key: &str) -> Option<&'a str> {
        if let Some(value) = values.get(key) {
            return Some(value);
        }
        if key == "compiler.libraries.ldflags"
            && let Some(value) = &self.libraries_ldflags
        {
            return Some(value);
        }
        self.spec
            .overridden(key)
            .or_else(|| self.values.get(key))
            .or_else(|| self.spec.raw(key))
    }

    fn expand(&self, values: &Properties, text: &str) -> String {
        expand(text, |key| self.value(values, key))
    }

    fn is_defined(&self, key: &str) -> bool {
        self.spec.raw(key).is_some_and(|recipe| !recipe.is_empty())
    }

    /// Expands one recipe; a missing or empty one is an error.
    fn command(&self, key: &str, values: &Properties) -> Result<Command, RecipeError> {
        let recipe = self.spec.raw(key).filter(|recipe| !recipe.is_empty());
        let recipe = recipe.ok_or_else(|| RecipeError::Missing(key.to_owned()))?;
        let argv = split_arguments(&self.expand(values, recipe));
        Command::from_argv(argv.iter().map(|argument| restore(argument)))
            .ok_or_else(|| RecipeError::Empty(key.to_owned()))
    }

    fn optional(&self, key: &str) -> Result<Option<Command>, RecipeError> {
        match self.is_defined(key) {
            true => self.command(key, &self.checked_values()).map(Some),
            false => Ok(None),
        }
    }

    /// Expands a family of recipes in the byte order of their keys; the plain one counts only if there is no other.
    fn family(
        &self,
        family: &str,
        values: &Properties,
        required: bool,
    ) -> Result<Vec<Command>, RecipeError> {
        let plain = format!("{family}.pattern");
        let member = |key: &&str| {
            key.starts_with(family)
                && key.ends_with(".pattern")
                && *key != plain
                && self.is_defined(key)
        };
        let mut keys: Vec<&str> = self.spec.keys().filter(member).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() && self.is_defined(&plain) {
            keys.push(&plain);
        }
        if keys.is_empty() && required {
            return Err(RecipeError::Missing(plain));
        }
        keys.into_iter()
            .map(|key| self.command(key, values))
            .collect()
    }
}
