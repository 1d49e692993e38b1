//! What arduino-builder 1.3.25 is known to do differently (docs/parity.md), found by looking, not by assuming.

use camino::{Utf8Path, Utf8PathBuf};

use crate::case::{Built, Case, Core, NotBuilt, Ours};
use crate::difference;
use crate::relink::{self, Objects};
use crate::used_libraries::libraries;
use fbuild_build::plan::SketchWork;

/// Finds out before the reference runs whether its rules let it compile the same sources.
///
/// # Errors
/// The reason why not.
pub fn other_rules(ours: Ours<'_>) -> Result<(), NotBuilt> {
    let incomparable = |reason: String| Err(NotBuilt::Incomparable(reason));
    let SketchWork::Build(sketch) = &ours.plan.sketches[ours.index].work else {
        return Ok(());
    };
    if let Some(value) = sketch.recipes.sketch_value_in_compile() {
        return incomparable(format!(
            "the platform's compile recipes refer to `{value}`, so its core is not shared"
        ));
    }
    let archives = sketch
        .archives
        .iter()
        .chain([&sketch.core])
        .map(|id| &ours.plan.archives[id.index()]);
    let members =
        archives.flat_map(|archive| archive.members.iter().map(|member| member.name.as_str()));
    let mut objects = sketch
        .units
        .iter()
        .map(|unit| unit.object.as_str())
        .chain(members);
    if let Some(object) =
        objects.find(|object| object.ends_with(".cc.o") || object.ends_with(".cxx.o"))
    {
        let source = object.trim_end_matches(".o");
        return incomparable(format!("it does not compile `{source}`"));
    }
    if !sketch.binaries.is_empty() {
        return incomparable("it does not know precompiled libraries".to_owned());
    }
    Ok(())
}

/// Compares the libraries that both sides chose; if we did not get as far, there is nothing to compare.
///
/// # Errors
/// Where they differ.
pub fn same_libraries(ours: Ours<'_>, theirs: &[Utf8PathBuf]) -> Result<(), NotBuilt> {
    if !matches!(ours.plan.sketches[ours.index].work, SketchWork::Build(_)) {
        return Ok(());
    }
    let real = |dir: &Utf8Path| dir.canonicalize_utf8().unwrap_or_else(|_| dir.to_owned());
    let own: Vec<Utf8PathBuf> = ours
        .result
        .libraries
        .iter()
        .map(|library| real(&library.dir))
        .collect();
    let theirs: Vec<Utf8PathBuf> = theirs.iter().map(|dir| real(dir)).collect();
    if own == theirs {
        return Ok(());
    }
    let list = |dirs: &[Utf8PathBuf]| {
        dirs.iter()
            .map(|dir| dir.file_name().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(", ")
    };
    Err(NotBuilt::Incomparable(format!(
        "its library rules give [{}], ours [{}]",
        list(&theirs),
        list(&own)
    )))
}

/// Returns the reason of a difference if it is the generated C++ alone: the reference's own commands make our image from our C++.
pub fn prototypes(case: &Case<'_>, ours: Ours<'_>, theirs: &Built, core: &Core) -> Option<String> {
    let generated = Utf8Path::new("sketch").join(case.sketch.generated_name());
    let (own, other) = (ours.out_dir().join(&generated), case.dir.join(&generated));
    let (own_text, other_text) = (
        fs_err::read_to_string(&own).ok()?,
        fs_err::read_to_string(&other).ok()?,
    );
    if own_text == other_text {
        return None;
    }
    let objects = Objects::collect(case, &libraries(case, &theirs.printed), core).ok()?;
    let hex = relink::with_source(
        case,
        &theirs.printed,
        &own,
        &objects,
        &case.dir.join("our-source"),
    )
    .ok()?;
    let our_hex = ours
        .out_dir()
        .join(format!("{}.hex", case.sketch.project_name()));
    let same = difference::between(&our_hex, &hex).ok()?.is_none();
    same.then(|| {
        format!(
            "its generated C++ differs ({}); with ours it makes the same bytes",
            texts(&own_text, &other_text)
        )
    })
}

/// Says how two generated texts differ.
fn texts(own: &str, other: &str) -> String {
    let declarations = |text: &str| -> Vec<String> {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("#line"))
            .map(str::to_owned)
            .collect()
    };
    let (own, other) = (declarations(own), declarations(other));
    let missing = |from: &[String], of: &[String]| -> Vec<String> {
        let mut left = from.to_vec();
        of.iter()
            .filter(|&line| {
                left.iter()
                    .position(|known| known == line)
                    .map(|at| left.remove(at))
                    .is_none()
            })
            .map(|line| format!("`{line}`"))
            .collect()
    };
    let (only_here, only_there) = (missing(&other, &own), missing(&own, &other));
    match (only_here.is_empty(), only_there.is_empty()) {
        (true, true) => "the same lines stand elsewhere".to_owned(),
        (false, true) => format!("it lacks {}", only_here.join(", ")),
        (true, false) => format!("it adds {}", only_there.join(", ")),
        (false, false) => format!(
            "it lacks {} and adds {}",
            only_here.join(", "),
            only_there.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_texts_are_compared_by_line() {
        let one = "#include <Arduino.h>\n#line 1 \"a\"\nint f();\nvoid setup() {}\n";
        let check = |own: &str, other: &str, expect: &str| assert_eq!(texts(own, other), expect);
        check(
            one,
            "#include <Arduino.h>\nvoid setup() {}\n",
            "it lacks `int f();`",
        );
        check(
            "#include <Arduino.h>\nvoid setup() {}\n",
            one,
            "it adds `int f();`",
        );
        check(
            one,
            "#include <Arduino.h>\nvoid setup() {}\nint f();\n",
            "the same lines stand elsewhere",
        );
        check(
            one,
            "#include <Arduino.h>\nint g();\nvoid setup() {}\n",
            "it lacks `int f();` and adds `int g();`",
        );
        check("int f();\nint f();\n", "int f();\n", "it lacks `int f();`");
    }
}
