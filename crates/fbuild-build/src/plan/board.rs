//! One board of a run: its recipes, its libraries, and a preprocessor per language.

use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::Language;
use fbuild_cpp::Scan;
use fbuild_cpp::SourceFile;
use fbuild_model::{Command, Digest};
use fbuild_platform::{BoardSpec, SketchPaths, SketchRecipes};
use fbuild_scan::library::Location;
use fbuild_scan::library::discovery::Surroundings;
use fbuild_scan::library::index::{LibraryIndex, Root};
use fbuild_scan::library::memo::ScanMemo;
use fbuild_scan::sketch::find::Requested;

use crate::action::path_map::PathMap;
use crate::plan::error::PlanError;
use crate::plan::preprocessor::{Preprocessor, ScanServices};
use crate::plan::sketch_libraries::SketchLibraries;
use crate::plan::tie::Tie;
use crate::toolchain::{CompilerDialect, ToolError, Toolchain};
use fbuild_model::error_chain;
use fbuild_process::lock::lock;

/// A board with everything that planning needs.
#[derive(Debug, Clone)]
pub struct Board<'a> {
    /// The board.
    pub spec: &'a BoardSpec,
    /// Its FQBN.
    pub fqbn: String,
    /// Its directory below the output directory.
    pub dir: Utf8PathBuf,
    /// The recipes with values that belong to no sketch.
    pub recipes: SketchRecipes,
    /// The libraries that its sketches may use.
    pub libraries: Arc<SketchLibraries>,
    /// The core's and the variant's directory.
    pub base_dirs: Vec<Utf8PathBuf>,
    /// How compile commands depend on the sketch, if they do.
    pub tie: Option<Arc<Tie>>,
    /// Core, variant and platform by name.
    pub path_map: PathMap,
    /// What all records of its sketches have in common; `None` where nothing can be recorded, or nobody asked.
    pub record_base: Option<Digest>,
    /// Its C++ compiler is not there, so nothing can be scanned; in a preview only.
    pub unscanned: bool,
    languages: Languages<'a>,
    /// Those of sketches with build paths of their own.
    of_sketches: Arc<Mutex<Vec<Languages<'a>>>>,
}

/// A preprocessor per language.
#[derive(Debug, Clone)]
struct Languages<'a> {
    discovery: Arc<Preprocessor<'a>>,
    cxx: Arc<Preprocessor<'a>>,
    c: Arc<Preprocessor<'a>>,
    asm: Arc<Preprocessor<'a>>,
}

impl<'a> Languages<'a> {
    /// Returns whether both preprocess alike, so that one can stand for the other.
    fn are_like(&self, other: &Self) -> bool {
        let pairs = [
            (&self.discovery, &other.discovery),
            (&self.cxx, &other.cxx),
            (&self.c, &other.c),
            (&self.asm, &other.asm),
        ];
        pairs
            .iter()
            .all(|(one, other)| one.is_of_same_dialect(other))
    }

    fn of(recipes: &SketchRecipes, services: ScanServices<'a>) -> Result<Self, PlanError> {
        let tools = services.tools;
        let language =
            |extension: &str, language: Language| dialect(recipes, tools, extension, language);
        let make = |dialect, command| Arc::new(Preprocessor::new(services, dialect, command));
        let cxx = language("cpp", Language::Cxx)?;
        let discovery = discovery_dialect(recipes, tools)?;
        let same = matches!((&cxx, &discovery), (Ok(one), Ok(other)) if Arc::ptr_eq(one, other));
        // What serves both is asked with the recipe that takes sources of any name.
        let command = if same {
            discovery_command(recipes)
        } else {
            dependencies(recipes)
        };
        let cxx = make(cxx, command);
        let discovery = if same {
            Arc::clone(&cxx)
        } else {
            make(discovery, discovery_command(recipes))
        };
        Ok(Self {
            discovery,
            cxx,
            c: make(language("c", Language::C)?, dependencies(recipes)),
            asm: make(language("S", Language::Asm)?, dependencies(recipes)),
        })
    }
}

impl<'a> Board<'a> {
    /// Looks at the board's compiler and at the libraries that `sketches` may use, which are `libraries`, the platform's and those around them.
    ///
    /// # Errors
    /// If the board's compiler is not there, or a library that was named is none.
    pub fn new(
        spec: &'a BoardSpec,
        dir: Utf8PathBuf,
        (libraries, sketches): (&[Root], &[Requested]),
        services: ScanServices<'a>,
    ) -> Result<Self, PlanError> {
        let tools = services.tools;
        let recipes = SketchRecipes::for_shared(spec, &dir);
        let mut roots = libraries.to_vec();
        let locations = [Location::BoardPlatform, Location::CorePlatform];
        roots.extend(
            spec.library_dirs()
                .into_iter()
                .zip(locations)
                .map(|(dir, location)| Root::folder(dir, location)),
        );
        let libraries = SketchLibraries::new(roots, sketches).map_err(PlanError::Library)?;
        let base_dirs: Vec<Utf8PathBuf> = std::iter::once(spec.core_dir().to_owned())
            .chain(spec.variant_dir().map(Utf8Path::to_owned))
            .collect();
        Ok(Self {
            languages: Languages::of(&recipes, services)?,
            of_sketches: Arc::default(),
            fqbn: spec.fqbn().to_string(),
            tie: Tie::of(&recipes).map(Arc::new),
            path_map: path_map(spec, &dir),
            unscanned: spec.compiler().is_ok_and(|compiler| {
                tools
                    .lacking()
                    .iter()
                    .any(|lacking| lacking == compiler.as_str())
            }),
            spec,
            dir,
            recipes,
            libraries: Arc::new(libraries),
            base_dirs,
            record_base: None,
        })
    }

    /// Returns the board as it is for one sketch whose hooks have run: files of its build path that compile commands name are there now.
    ///
    /// # Errors
    /// If its compiler is not there.
    pub fn for_sketch(
        &self,
        recipes: &SketchRecipes,
        services: ScanServices<'a>,
    ) -> Result<Self, PlanError> {
        let made = Languages::of(recipes, services)?;
        let mut known = lock(&self.of_sketches);
        let languages = match known.iter().find(|known| known.are_like(&made)) {
            Some(known) => known.clone(),
            None => {
                known.push(made.clone());
                made
            }
        };
        Ok(Self {
            languages,
            ..self.clone()
        })
    }

    /// Returns the preprocessor for compiling `source`, by its extension (specification 1.7.1).
    pub fn preprocessor(&self, source: &Utf8Path) -> &Preprocessor<'a> {
        match source.extension() {
            Some("c") => &self.languages.c,
            Some("S") => &self.languages.asm,
            _ => &self.languages.cxx,
        }
    }

    /// Returns the preprocessor for compiling C++.
    pub fn cxx(&self) -> &Preprocessor<'a> {
        &self.languages.cxx
    }

    /// Returns the preprocessor for discovery, which takes everything as C++ (specification 1.7.5).
    pub fn discovery(&self) -> &Preprocessor<'a> {
        &self.languages.discovery
    }

    /// Returns what is known about sources, by language.
    pub fn memos(&self) -> Vec<(&'static str, &ScanMemo)> {
        let discovery = (!Arc::ptr_eq(&self.languages.discovery, &self.languages.cxx))
            .then_some(&self.languages.discovery);
        let discovery = discovery.map(|preprocessor| ("discovery", preprocessor.memo()));
        let compiled = [
            ("c++", &*self.languages.cxx),
            ("c", &self.languages.c),
            ("assembler", &self.languages.asm),
        ];
        let compiled = compiled.map(|(language, preprocessor)| (language, preprocessor.memo()));
        discovery.into_iter().chain(compiled).collect()
    }

    /// Returns where the answers of earlier scans were taken for new ones because there was nothing.
    pub fn absent(&self) -> impl Iterator<Item = Utf8PathBuf> {
        self.memos().into_iter().flat_map(|(_, memo)| memo.absent())
    }

    /// Spares a sketch's final text its scan: it reads what the `merged` text reads, because prototypes hold no directives.
    pub fn learn_from(&self, merged: &SourceFile, main: &Arc<SourceFile>, dirs: &[Utf8PathBuf]) {
        if !Arc::ptr_eq(&self.languages.discovery, &self.languages.cxx) {
            // What discovery sees is not what the compiler sees.
            return;
        }
        if let Scan::Complete(closure) = &*self.languages.cxx.scanned(merged.path(), dirs, None) {
            let mut closure = closure.clone();
            if let Some(source) = closure.files.first_mut() {
                *source = Arc::clone(main);
                let (path, scan) = (main.path().to_owned(), Scan::Complete(closure));
                self.languages.cxx.memo().learn(path, dirs.to_vec(), scan);
            }
        }
    }

    /// Returns what library discovery needs for a sketch that may use the libraries of `index`.
    pub fn surroundings<'b>(&'b self, index: &'b LibraryIndex) -> Surroundings<'b> {
        Surroundings {
            preprocess: &*self.languages.discovery,
            index,
            architecture: self.spec.architecture(),
            base_dirs: &self.base_dirs,
            memo: self.languages.discovery.memo(),
        }
    }

    /// Returns the recipes with the values of one sketch that is built in `build`.
    pub fn recipes_for(&self, project: &str, source: &Utf8Path, build: &Utf8Path) -> SketchRecipes {
        SketchRecipes::for_sketch(
            self.spec,
            &SketchPaths {
                name: project.to_owned(),
                source: source.to_owned(),
                build: build.to_owned(),
            },
        )
    }
}

fn path_map(spec: &BoardSpec, dir: &Utf8Path) -> PathMap {
    let mut map = PathMap::default();
    map.add(spec.core_dir(), "core");
    if let Some(variant) = spec.variant_dir() {
        map.add(variant, "variant");
    }
    map.add(spec.board_platform().dir.clone(), "platform");
    map.add(spec.core_platform().dir.clone(), "core-platform");
    map.add(dir, "build");
    map
}

/// What a language's compiler predefines. The inner error is the reason why it could not be learned, which is no obstacle.
type Learned = Result<Arc<CompilerDialect>, String>;

fn dialect(
    recipes: &SketchRecipes,
    tools: &Toolchain<'_>,
    extension: &str,
    language: Language,
) -> Result<Learned, PlanError> {
    let source = Utf8PathBuf::from(format!("/fbuild.probe/x.{extension}"));
    let object = Utf8PathBuf::from("/fbuild.probe/x.o");
    match recipes.compile(&[], &source, &object) {
        Ok(command) => learn(tools, &command, &source, object.as_str(), language),
        // A platform without a recipe for a language may have no source of that language.
        Err(error) => Ok(Err(error_chain(&error))),
    }
}

fn discovery_dialect(recipes: &SketchRecipes, tools: &Toolchain<'_>) -> Result<Learned, PlanError> {
    let source = Utf8PathBuf::from("/fbuild.probe/x.cpp");
    let target = Utf8Path::new("/fbuild.probe/x.o");
    match recipes.preprocess(&[], &source, target, None) {
        Ok(command) => learn(tools, &command, &source, target.as_str(), Language::Cxx),
        Err(error) => Ok(Err(error_chain(&error))),
    }
}

fn learn(
    tools: &Toolchain<'_>,
    command: &Command,
    source: &Utf8Path,
    object: &str,
    language: Language,
) -> Result<Learned, PlanError> {
    match tools.dialect(command, source.as_str(), object, language) {
        Ok(dialect) => Ok(Ok(dialect)),
        Err(error @ (ToolError::NotFound { .. } | ToolError::Read { .. })) => {
            Err(PlanError::Tool(error))
        }
        Err(error) => Ok(Err(error_chain(&error))),
    }
}

fn discovery_command(recipes: &SketchRecipes) -> Box<crate::plan::preprocessor::MakeCommand> {
    let recipes = recipes.clone();
    Box::new(move |source, dirs, target, deps| {
        recipes
            .preprocess(dirs, source, Utf8Path::new(target), Some(deps))
            .map_err(|error| error_chain(&error))
    })
}

/// Makes of the compile command one that only lists what is read, and writes the preprocessed text if that is wanted.
fn dependencies(recipes: &SketchRecipes) -> Box<crate::plan::preprocessor::MakeCommand> {
    let recipes = recipes.clone();
    Box::new(move |source, dirs, target, deps| {
        let mut command = recipes
            .compile(dirs, source, Utf8Path::new(target))
            .map_err(|error| error_chain(&error))?;
        command
            .args
            .retain(|arg| !matches!(arg.as_str(), "-c" | "-MMD" | "-MD"));
        command
            .args
            .extend(["-E", "-CC", "-MD", "-MF", deps.as_str()].map(str::to_owned));
        Ok(command)
    })
}
