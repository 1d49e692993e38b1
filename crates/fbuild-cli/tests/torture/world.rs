//! The model: what sketches, libraries, platform and command line are at a moment, and how they are written to disk.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8PathBuf;
use fbuild_testkit::{Project, tiny};

use crate::random::Random;

/// Names of the sketches.
pub(crate) const SKETCHES: [&str; 3] = ["A", "B", "C"];
/// Names of the libraries.
const LIBRARIES: [&str; 4] = ["Ant", "Bee", "Cat", "Dog"];

/// A sketch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Sketch {
    value: usize,
    includes: Vec<usize>,
    by_macro: bool,
    tab: Option<usize>,
    header: Option<usize>,
    source: Option<usize>,
}

/// A library.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Library {
    is_gone: bool,
    is_flat: bool,
    is_archive: bool,
    value: usize,
    header: usize,
    header_needs: Option<usize>,
    source_needs: Option<usize>,
    /// A `stdint.h` that shadows the system's for all that comes later on the include path.
    shadow: Option<usize>,
    /// A second library with the same header.
    twin: Option<usize>,
}

/// Everything that decides firmware.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct World {
    sketches: [Sketch; 3],
    libraries: [Library; 4],
    core: usize,
    local_property: Option<usize>,
    /// `--build-property build.extra_flags=-DFLAG=…`.
    pub(crate) flag: Option<usize>,
    /// `CPATH` leads to a directory with `environment.h`.
    pub(crate) environment: Option<usize>,
    is_second_toolchain: bool,
}

impl World {
    /// A start in which everything builds.
    pub(crate) fn new() -> Self {
        let mut world = Self::default();
        for (index, sketch) in world.sketches.iter_mut().enumerate() {
            sketch.includes = vec![index, index + 1];
        }
        world
    }

    /// Changes one thing.
    pub(crate) fn edit(&mut self, random: &mut Random) {
        let value = random.below(200);
        let other = random.below(LIBRARIES.len());
        let toggled = |option: &mut Option<usize>, random: &mut Random| {
            *option = if option.is_some() && random.once_in(2) {
                None
            } else {
                Some(value)
            };
        };
        let sketch = &mut self.sketches[random.below(SKETCHES.len())];
        let library = &mut self.libraries[random.below(LIBRARIES.len())];
        match random.below(20) {
            0..=2 => sketch.value = value,
            3 if sketch.includes.contains(&other) => sketch.includes.retain(|one| *one != other),
            3 => sketch.includes.push(other),
            4 => sketch.by_macro = !sketch.by_macro,
            5 => toggled(&mut sketch.tab, random),
            6 => toggled(&mut sketch.header, random),
            7 => toggled(&mut sketch.source, random),
            8 => library.value = value,
            9 => library.header = value,
            // Libraries only need later ones, so that no call goes round in a circle.
            10 => library.header_needs = Some(other),
            11 => library.source_needs = Some(other),
            12 => (library.header_needs, library.source_needs) = (None, None),
            13 => toggled(&mut library.shadow, random),
            14 => toggled(&mut library.twin, random),
            15 => match value % 4 {
                0 => library.is_gone = !library.is_gone,
                1 => library.is_flat = !library.is_flat,
                _ => library.is_archive = !library.is_archive,
            },
            16 => self.core = value,
            17 => toggled(&mut self.local_property, random),
            18 => toggled(
                if value.is_multiple_of(2) {
                    &mut self.flag
                } else {
                    &mut self.environment
                },
                random,
            ),
            _ => self.is_second_toolchain = !self.is_second_toolchain,
        }
    }

    /// All files of this state, by path below the directory that holds project and platform.
    fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for (name, sketch) in SKETCHES.iter().zip(&self.sketches) {
            sketch.write(name, &mut files);
        }
        for (index, library) in self
            .libraries
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.is_gone)
        {
            library.write(index, &mut files);
        }
        let platform = "hardware/tiny/avr";
        files.insert(
            format!("{platform}/cores/mini/mark.c"),
            format!("#include \"Arduino.h\"\nvolatile uint32_t marked;\nvoid mark(uint32_t value) {{ marked += value + {}; }}\n", self.core),
        );
        if let Some(value) = self.local_property {
            let line = format!("compiler.cpp.extra_flags=-DLOCAL={value}\n");
            files.insert(format!("{platform}/platform.local.txt"), line);
        }
        if let Some(value) = self.environment {
            files.insert(
                "environment/environment.h".to_owned(),
                format!("#define ENVIRONMENT {value}\n"),
            );
        }
        files
    }

    /// Writes this state over an earlier one. With `keep_times`, files get the time stamps of those that they replace.
    pub(crate) fn write(&self, project: &Project, before: &Self, keep_times: bool) {
        self.write_over(project, &before.files(), keep_times);
    }

    /// Writes this state where there is none.
    pub(crate) fn write_all(&self, project: &Project) {
        self.write_over(project, &BTreeMap::new(), false);
    }

    fn write_over(&self, project: &Project, old: &BTreeMap<String, String>, keep_times: bool) {
        let base = base(project);
        let new = self.files();
        for path in old.keys().filter(|path| !new.contains_key(*path)) {
            fs_err::remove_file(base.join(path)).expect("remove a file");
        }
        for (path, text) in new
            .iter()
            .filter(|(path, text)| old.get(*path) != Some(text))
        {
            let path = base.join(path);
            let time = fs_err::metadata(&path).and_then(|meta| meta.modified());
            fs_err::create_dir_all(path.parent().expect("a parent")).expect("make a directory");
            fs_err::write(&path, text).expect("write a file");
            if let (true, Ok(time)) = (keep_times, time) {
                let file = fs_err::OpenOptions::new()
                    .write(true)
                    .open(&path)
                    .expect("open a file");
                file.set_modified(time).expect("set the time");
            }
        }
        // An empty directory is no library.
        for library in LIBRARIES {
            for folder in [library.to_owned(), format!("{library}-other")] {
                let path = base.join("work/libraries").join(folder);
                if !new.keys().any(|file| base.join(file).starts_with(&path)) {
                    let _ = std::fs::remove_dir_all(path);
                }
            }
        }
        tiny::point_at(
            &project.hardware(),
            if self.is_second_toolchain {
                "two"
            } else {
                "one"
            },
        );
    }
}

/// The directory that holds project, platform and cache.
pub(crate) fn base(project: &Project) -> Utf8PathBuf {
    project
        .root()
        .parent()
        .expect("the root has a parent")
        .to_owned()
}

/// Lines that make every macro of the command line, the platform and the environment count.
const MARKS: &str = "#ifdef FLAG\n  sum += FLAG;\n#endif\n#ifdef LOCAL\n  sum += LOCAL * 3;\n#endif\n\
                     #ifdef SECOND_TOOLCHAIN\n  sum += SECOND_TOOLCHAIN * 1000;\n#endif\n#ifdef SHADOW\n  sum += SHADOW * 7;\n#endif\n";

impl Sketch {
    fn write(&self, name: &str, files: &mut BTreeMap<String, String>) {
        let mut text =
            String::from("#if __has_include(<environment.h>)\n#include <environment.h>\n#endif\n");
        for &index in &self.includes {
            let library = LIBRARIES[index];
            let _ = if self.by_macro {
                write!(
                    text,
                    "#define WANTED <{library}.h>\n#include WANTED\n#undef WANTED\n"
                )
            } else {
                writeln!(text, "#include <{library}.h>")
            };
        }
        if self.header.is_some() {
            text.push_str("#include \"own.h\"\n");
        }
        let _ = write!(
            text,
            "void setup() {{\n  uint32_t sum = {};\n{MARKS}",
            self.value
        );
        text.push_str("#ifdef ENVIRONMENT\n  sum += ENVIRONMENT;\n#endif\n#ifdef OWN\n  sum += OWN;\n#endif\n");
        for &index in &self.includes {
            let _ = writeln!(text, "  sum += value_of_{}();", LIBRARIES[index]);
        }
        if self.tab.is_some() {
            text.push_str("  sum += in_tab(1);\n");
        }
        if self.source.is_some() {
            text.push_str("  extern uint32_t in_source();\n  sum += in_source();\n");
        }
        text.push_str("  mark(sum);\n}\nvoid loop() {}\n");
        let mut add = |file: &str, text: String| files.insert(format!("work/{name}/{file}"), text);
        add(&format!("{name}.ino"), text);
        if let Some(value) = self.tab {
            add(
                "tab.ino",
                format!("uint32_t in_tab(int more) {{ return {value} + more; }}\n"),
            );
        }
        if let Some(value) = self.header {
            add("own.h", format!("#define OWN {value}\n"));
        }
        if let Some(value) = self.source {
            add(
                "src/more.cpp",
                format!("#include <Arduino.h>\nuint32_t in_source() {{ return {value}; }}\n"),
            );
        }
    }
}

impl Library {
    fn write(&self, index: usize, files: &mut BTreeMap<String, String>) {
        let name = LIBRARIES[index];
        let folder = format!("work/libraries/{name}");
        let src = if self.is_flat {
            folder.clone()
        } else {
            format!("{folder}/src")
        };
        let needs = |other: Option<usize>| {
            other
                .filter(|other| *other > index)
                .map(|other| LIBRARIES[other])
        };
        let include = |other: Option<&str>| {
            other.map_or(String::new(), |other| format!("#include <{other}.h>\n"))
        };
        let properties = format!(
            "name={name}\nversion=1.0.0\narchitectures=*\ndot_a_linkage={}\n",
            self.is_archive
        );
        let header = |value: usize| {
            format!(
                "#pragma once\n#include <Arduino.h>\n{}#define HEADER_OF_{name} {value}\nuint32_t value_of_{name}();\n",
                include(needs(self.header_needs))
            )
        };
        let source = |value: usize| {
            let call = needs(self.source_needs).map_or(String::new(), |other| {
                format!("  sum += value_of_{other}();\n")
            });
            format!(
                "#include <Arduino.h>\n#include \"{name}.h\"\n{}uint32_t value_of_{name}() {{\n  uint32_t sum = HEADER_OF_{name} + {value};\n{MARKS}{call}  return sum;\n}}\n",
                include(needs(self.source_needs))
            )
        };
        files.insert(format!("{folder}/library.properties"), properties.clone());
        files.insert(format!("{src}/{name}.h"), header(self.header));
        files.insert(format!("{src}/{name}.cpp"), source(self.value));
        if let Some(value) = self.shadow {
            files.insert(
                format!("{src}/stdint.h"),
                format!("#include_next <stdint.h>\n#undef SHADOW\n#define SHADOW {value}\n"),
            );
        }
        if let Some(value) = self.twin {
            let folder = format!("{folder}-other");
            files.insert(format!("{folder}/library.properties"), properties);
            files.insert(format!("{folder}/src/{name}.h"), header(value));
            files.insert(format!("{folder}/src/{name}.cpp"), source(value));
        }
    }
}
