//! Whether a compiler can use precompiled headers here, and how.
//!
//! Three facts of design section 7 make this a question: a compiler that is itself position-independent accepts a precompiled header only at
//! the address at which it was made; stabs debug information cannot be combined with one; and containers may forbid switching address
//! randomisation off. So it is tried, once per compiler and flags, and never assumed.

use camino::Utf8Path;
use fbuild_model::{Command, Digest, DigestWriter};
use fbuild_platform::SketchRecipes;

use crate::toolchain::Toolchain;

/// How debug information is asked for where a preamble is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Debug {
    /// As the recipe does.
    AsIs,
    /// As DWARF 2 instead of stabs. It must not be left out, nor must it track variables: either changes what old compilers generate for some
    /// sketches.
    Dwarf,
}

impl Debug {
    /// Changes the arguments of a compile command.
    pub(crate) fn apply(self, args: &mut Vec<String>) {
        if self == Self::Dwarf
            && let Some(at) = args.iter().position(|arg| arg == "-g")
        {
            // With link-time optimisation the link describes what it generates, so here little is enough, and quicker.
            let flags: &[&str] = if args.iter().any(|arg| arg == "-flto") {
                &["-gdwarf-2", "-g1"]
            } else {
                &[
                    "-gdwarf-2",
                    "-fno-var-tracking",
                    "-fno-var-tracking-assignments",
                ]
            };
            args.splice(at..=at, flags.iter().map(|&flag| flag.to_owned()));
        }
    }

    /// Returns the name that stands for it in fingerprints.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AsIs => "preamble",
            Self::Dwarf => "preamble, -gdwarf-2",
        }
    }
}

/// How precompiled headers can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usable {
    /// How debug information is asked for.
    pub(crate) debug: Debug,
    /// Whether compilers must be started without address randomisation.
    fixed_addresses: bool,
}

const ALL: [Usable; 4] = [
    Usable {
        debug: Debug::AsIs,
        fixed_addresses: false,
    },
    Usable {
        debug: Debug::Dwarf,
        fixed_addresses: false,
    },
    Usable {
        debug: Debug::AsIs,
        fixed_addresses: true,
    },
    Usable {
        debug: Debug::Dwarf,
        fixed_addresses: true,
    },
];

/// Stand for the source and the object in the command that is asked about.
const SOURCE: &str = "/fbuild.probe.cpp";
const OBJECT: &str = "/fbuild.probe.o";

/// With randomised addresses a precompiled header may fit by chance; so often it does not.
const TRIES: usize = 3;

/// A compiler with the flags of a compile command, as it is asked.
struct Question {
    command: Command,
    key: Digest,
}

impl Question {
    fn of(recipes: &SketchRecipes, tools: &Toolchain<'_>) -> Option<Self> {
        let command = recipes
            .compile(&[], Utf8Path::new(SOURCE), Utf8Path::new(OBJECT))
            .ok()?;
        let mut key = DigestWriter::new("preamble probe 3");
        key.digest(tools.compiler(&command.program, &command.args).ok()?);
        command.args.iter().for_each(|arg| {
            key.field(arg);
        });
        Some(Self {
            key: key.finish(),
            command,
        })
    }

    /// Returns the remembered answer: `None` if it was never asked, an inner `None` if the compiler cannot.
    fn remembered(&self, tools: &Toolchain<'_>) -> Option<Option<Usable>> {
        let answer = tools.cache().recall(self.key)?.first().copied()?;
        Some(ALL.get(usize::from(answer)).copied())
    }
}

/// Returns how the compiler of these recipes can use precompiled headers, if that was found out in an earlier run.
pub(crate) fn known(recipes: &SketchRecipes, tools: &Toolchain<'_>) -> Option<Usable> {
    Question::of(recipes, tools)?.remembered(tools)?
}

/// Finds out how the compiler of these recipes can use precompiled headers; `None` if it cannot. From then on it is started as is needed.
pub(crate) fn probe(recipes: &SketchRecipes, tools: &Toolchain<'_>) -> Option<Usable> {
    let question = Question::of(recipes, tools)?;
    let started = |usable: &Usable| !usable.fixed_addresses || tools.runner().fix_addresses();
    if let Some(known) = question.remembered(tools) {
        return known.filter(started);
    }
    let mut all_asked = true;
    let found = ALL.iter().position(|usable| {
        started(usable) && {
            let works = works(*usable, &question.command, tools);
            all_asked &= works.is_some();
            works.unwrap_or(false)
        }
    });
    if !all_asked {
        return found.map(|at| ALL[at]);
    }
    let answer = found
        .and_then(|at| u8::try_from(at).ok())
        .unwrap_or(u8::MAX);
    tools.cache().remember(question.key, &[answer]);
    found.map(|at| ALL[at])
}

fn works(usable: Usable, command: &Command, tools: &Toolchain<'_>) -> Option<bool> {
    let scratch = tools.cache().scratch().ok()?;
    let dir = scratch.path();
    let header = dir.join("probe.h");
    fs_err::write(
        &header,
        "template <class T> struct FbuildProbe { T value; };\n",
    )
    .ok()?;
    fs_err::write(
        dir.join("probe.cpp"),
        format!("#include \"{header}\"\nFbuildProbe<int> probe = {{1}};\n"),
    )
    .ok()?;
    let made = command_with(
        command,
        usable,
        &["-x", "c++-header", header.as_str()],
        &dir.join("probe.h.gch"),
    );
    if !tools.runner().run(&made).ok()?.status.success() {
        return scratch.is_intact().then_some(false);
    }
    let unit = dir.join("probe.cpp");
    let used = command_with(
        command,
        usable,
        &["-Winvalid-pch", "-H", unit.as_str()],
        &dir.join("probe.o"),
    );
    let tries = if usable.fixed_addresses { 1 } else { TRIES };
    for _ in 0..tries {
        let output = tools.runner().run(&used).ok()?;
        // gcc marks a precompiled header that it uses with an exclamation mark.
        let accepted = String::from_utf8_lossy(&output.stderr)
            .lines()
            .any(|line| line.starts_with("! ") && line.contains("probe.h.gch"));
        if !accepted || !output.status.success() {
            // Without the directory, which somebody may have deleted, that says nothing.
            return scratch.is_intact().then_some(false);
        }
    }
    Some(true)
}

fn command_with(command: &Command, usable: Usable, words: &[&str], target: &Utf8Path) -> Command {
    let mut args = Vec::new();
    for arg in &command.args {
        if arg == SOURCE {
            args.extend(words.iter().map(|&word| word.to_owned()));
        } else {
            args.push(if arg == OBJECT {
                target.to_string()
            } else {
                arg.clone()
            });
        }
    }
    usable.debug.apply(&mut args);
    Command {
        program: command.program.clone(),
        args,
        cwd: target.parent().map(Utf8Path::to_owned),
    }
}
