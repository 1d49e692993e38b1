//! Commands made from recipes (specification 1.3, 1.6, 1.7, 1.8, 1.9).

#![allow(clippy::unwrap_used, reason = "test helpers may fail")]

mod fixture;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Command;
use fbuild_platform::{
    BuildOptions, HookPoint, RecipeError, SketchPaths, SketchRecipes, SourceKind, WarningLevel,
    fit_command_line,
};
use fixture::{Tree, dirs, line, lines, recipes};

/// The mini platform with more properties.
fn with(local: &str) -> Tree {
    Tree::new()
        .mini()
        .file("hw/mini/avr/platform.local.txt", local)
}

fn compile(tree: &Tree, source: &str) -> Result<String, RecipeError> {
    recipes(&tree.board("one"))
        .compile(&[], source.into(), "/o".into())
        .map(|command| line(&command))
}

#[test]
fn s1_7_1_a_recipe_by_extension() {
    let tree = Tree::new().mini();
    let cpp = "'/opt/mini bin/c++' -c -w -MMD -mmcu=m1 -DARDUINO=10607 -DARDUINO_MINI_ONE -DARDUINO_ARCH_AVR";
    assert_eq!(
        compile(&tree, "/a.c").unwrap(),
        "'/opt/mini bin/cc' -c -w -MMD -mmcu=m1 /a.c -o /o"
    );
    assert_eq!(
        compile(&tree, "/a.S").unwrap(),
        "'/opt/mini bin/cc' -c -x assembler-with-cpp /a.S -o /o"
    );
    for extension in ["cpp", "cc", "cxx"] {
        assert_eq!(
            compile(&tree, &format!("/a.{extension}")).unwrap(),
            format!("{cpp} /a.{extension} -o /o")
        );
    }
    let tree = with("recipe.cc.o.pattern=mycc {source_file}\nrecipe.cxx.o.pattern=\n");
    assert_eq!(compile(&tree, "/a.cc").unwrap(), "mycc /a.cc");
    assert_eq!(
        compile(&tree, "/a.cxx").unwrap(),
        format!("{cpp} /a.cxx -o /o"),
        "an empty recipe is none"
    );
}

#[test]
fn s1_7_1_files_that_are_never_compiled() {
    for name in [
        "a.s", "a.asm", "a.C", "a.c++", "a.ino", "a.h", "a", ".c", "a.CPP",
    ] {
        assert_eq!(SourceKind::of(Utf8Path::new(name)), None, "{name}");
    }
    assert_eq!(
        compile(&Tree::new().mini(), "/a.s"),
        Err(RecipeError::Extension("/a.s".into()))
    );
}

#[test]
fn s1_7_1_a_missing_recipe_is_an_error() {
    let tree = with(
        "recipe.c.o.pattern=\nrecipe.S.o.pattern={nothing.here}\nnothing.here=\nrecipe.c.combine.pattern=\n",
    );
    let missing = |key: &str| RecipeError::Missing(key.to_owned());
    assert_eq!(compile(&tree, "/a.c"), Err(missing("recipe.c.o.pattern")));
    assert_eq!(
        missing("recipe.c.o.pattern").to_string(),
        "the platform does not define `recipe.c.o.pattern`"
    );
    assert_eq!(
        compile(&tree, "/a.S"),
        Err(RecipeError::Empty("recipe.S.o.pattern".to_owned()))
    );
    let board = tree.board("one");
    assert_eq!(
        recipes(&board).link(&["/o"], "/b/core/core.a".into()),
        Err(missing("recipe.c.combine.pattern"))
    );
    let bare = Tree::new()
        .file("hw/a/avr/boards.txt", "b.build.core=base\n")
        .dir("hw/a/avr/cores/base");
    let board = bare.board("b");
    assert_eq!(board.compiler(), Err(missing("recipe.cpp.o.pattern")));
    assert_eq!(recipes(&board).objcopy(), Ok(vec![]));
    assert_eq!(recipes(&board).size(), Ok(None));
    assert_eq!(
        recipes(&board).archive("/a".into(), "/o".into()),
        Err(missing("recipe.ar.pattern"))
    );
    let preprocessed = recipes(&board).preprocess(&[], "/a.cpp".into(), "/dev/null".into(), None);
    assert_eq!(preprocessed, Err(missing("recipe.preproc.macros")));
}

#[test]
fn s1_7_2_includes_are_words_of_their_own() {
    let board = Tree::new().mini().board("one");
    let includes = dirs(&["/core", "/with blank (x)", "/it's"]);
    let command = recipes(&board)
        .compile(&includes, "/src dir/a.c".into(), "/o dir/a.c.o".into())
        .unwrap();
    let expect = [
        "-I/core",
        "-I/with blank (x)",
        "-I/it's",
        "/src dir/a.c",
        "-o",
        "/o dir/a.c.o",
    ];
    assert_eq!(&command.args[command.args.len() - 6..], expect);
}

#[test]
fn s1_3_2_unknown_markers_stay_except_in_preprocessing() {
    let tree =
        with("compiler.c.flags=-c {unknown} [{empty}]\nempty=\ncompiler.cpp.flags=-c {unknown}\n");
    assert_eq!(
        compile(&tree, "/a.c").unwrap(),
        "'/opt/mini bin/cc' -c '{unknown}' '[]' -mmcu=m1 /a.c -o /o"
    );
    let command = recipes(&tree.board("one"))
        .preprocess(&[], "/a.c".into(), "/dev/null".into(), None)
        .unwrap();
    assert!(
        !command.argv().any(|argument| argument.contains("unknown")),
        "{command:?}"
    );
}

#[test]
fn s1_3_4_paths_may_hold_anything_but_closing_quotes() {
    let tree = Tree::new().mini();
    let board = tree.board("one");
    for dir in [
        "/a b",
        "/it's",
        "/(x)&$y",
        "/ü",
        "/{build.mcu}",
        "/{x}",
        "/}{",
        "/a\"b",
        "/a, b",
    ] {
        let paths = SketchPaths {
            name: "B.ino".to_owned(),
            source: dir.into(),
            build: dir.into(),
        };
        let source = Utf8Path::new(dir).join("a.cpp");
        let object = Utf8Path::new(dir).join("a.cpp.o");
        let of_sketch = SketchRecipes::for_sketch(&board, &paths);
        let command = of_sketch.compile(&dirs(&[dir]), &source, &object).unwrap();
        let tail = [
            format!("-I{dir}"),
            source.to_string(),
            "-o".to_owned(),
            object.to_string(),
        ];
        assert_eq!(&command.args[command.args.len() - 4..], tail);
        let command = of_sketch
            .preprocess(&dirs(&[dir]), &source, &object, Some(&object))
            .unwrap();
        assert!(command.args.contains(&source.to_string()), "{command:?}");
        let linked = of_sketch
            .link(&[&object], &Utf8Path::new(dir).join("core/core.a"))
            .unwrap();
        assert!(
            linked[0].args.contains(&format!("{dir}/core/core.a")),
            "{linked:?}"
        );
        assert!(
            linked[0].args.contains(&format!("{dir}/B.ino.elf")),
            "{linked:?}"
        );
        let listed = of_sketch.properties(true);
        assert!(listed.contains(&("build.path".to_owned(), dir.to_owned())));
    }
    let of_sketch = recipes(&board);
    let bad = Utf8PathBuf::from("/a\" b/x.c");
    let unquotable = |text: &str| Err(RecipeError::Unquotable(text.to_owned()));
    assert_eq!(
        of_sketch.compile(&[], &bad, "/o".into()),
        unquotable(bad.as_str())
    );
    assert_eq!(
        of_sketch.compile(&dirs(&["/i\""]), "/x.c".into(), "/o".into()),
        unquotable("-I/i\"")
    );
}

#[test]
fn s1_3_5_a_bare_program_stays_bare() {
    let tree =
        with("compiler.path=\nrecipe.hooks.prebuild.1.pattern=chmod +x \"{build.path}/run\"\n");
    let board = tree.board("one");
    assert_eq!(board.compiler().unwrap(), "c++");
    assert_eq!(
        lines(&recipes(&board).hooks(HookPoint::Prebuild).unwrap()),
        ["chmod +x /b/run"]
    );
    assert_eq!(
        Tree::new().mini().board("one").compiler().unwrap(),
        "/opt/mini bin/c++"
    );
}

#[test]
fn s1_3_6_long_lines_run_in_the_build_folder() {
    let board = Tree::new().mini().board("one");
    let objects: Vec<String> = (0..2000)
        .map(|n| format!("/b/libraries/Some library/{n}.cpp.o"))
        .collect();
    let exists = |path: &Utf8Path| objects.iter().any(|object| object == path);
    let of_sketch = recipes(&board);
    let command = of_sketch
        .link(&objects, "/b/core/core.a".into())
        .unwrap()
        .remove(0);
    let fitted = fit_command_line(command.clone(), of_sketch.build_dir(), exists);
    assert_eq!(fitted.cwd.as_deref(), Some(Utf8Path::new("/b")));
    assert!(
        fitted
            .args
            .contains(&"libraries/Some library/1999.cpp.o".to_owned())
    );
    assert!(
        fitted.args.contains(&"/b/Blink.ino.elf".to_owned()),
        "only files that exist are shortened"
    );
    assert_eq!(fitted.args.len(), command.args.len());
    let short = of_sketch
        .link(&objects[..10], "/b/core/core.a".into())
        .unwrap()
        .remove(0);
    assert_eq!(
        fit_command_line(short.clone(), of_sketch.build_dir(), exists),
        short
    );
}

#[test]
fn s1_6_warning_flags_follow_the_level_where_sources_are_compiled() {
    let tree = Tree::new().mini();
    let levels = [
        (WarningLevel::None, vec!["-w"]),
        (WarningLevel::Default, vec![]),
        (WarningLevel::More, vec![]),
        (WarningLevel::All, vec!["-Wall", "-Wextra"]),
    ];
    for (level, expect) in levels {
        let build_properties = vec![
            "compiler.warning_flags=-Wuser".to_owned(),
            "compiler.x={compiler.warning_flags}".to_owned(),
        ];
        let board = tree.board_as(
            "one",
            &BuildOptions {
                warnings: level,
                build_properties,
                ..BuildOptions::default()
            },
        );
        let of_sketch = recipes(&board);
        let flags = |command: Command| -> Vec<String> {
            command
                .args
                .into_iter()
                .filter(|argument| argument.to_lowercase().starts_with("-w"))
                .collect()
        };
        assert_eq!(
            flags(of_sketch.compile(&[], "/a.c".into(), "/o".into()).unwrap()),
            expect,
            "{level} compile"
        );
        assert_eq!(
            flags(
                of_sketch
                    .link(&["/o"], "/b/core.a".into())
                    .unwrap()
                    .remove(0)
            ),
            expect,
            "{level} link"
        );
        assert_eq!(
            flags(of_sketch.size().unwrap().unwrap()),
            expect,
            "{level} size"
        );
        let preprocessed = of_sketch
            .preprocess(&[], "/a.c".into(), "/dev/null".into(), None)
            .unwrap();
        assert_eq!(flags(preprocessed), ["-Wuser", "-w"], "{level} preprocess");
    }
}

#[test]
fn s1_6_archive_names() {
    let tree = with(
        "recipe.ar.pattern=ar {archive_file} \"{archive_file_path}\" \"{object_file}\"\n\
         archive_file_path=never\n\
         recipe.c.combine.pattern=ld {object_files} {archive_file} \"{archive_file_path}\"\n",
    );
    let board = tree.board("one");
    let of_sketch = recipes(&board);
    let archived = of_sketch
        .archive("/shared/core/core.a".into(), "/shared/core/a b.o".into())
        .unwrap();
    assert_eq!(
        line(&archived),
        "ar core.a /shared/core/core.a '/shared/core/a b.o'"
    );
    let link = |archive: &str| {
        line(
            &of_sketch
                .link(
                    &["/b/x.o", "-Wl,--whole-archive", "/l ib.a"],
                    archive.into(),
                )
                .unwrap()[0],
        )
    };
    assert_eq!(
        link("/b/core/core.a"),
        "ld /b/x.o -Wl,--whole-archive '/l ib.a' core/core.a /b/core/core.a"
    );
    assert_eq!(
        link("/shared/core.a"),
        "ld /b/x.o -Wl,--whole-archive '/l ib.a' ../shared/core.a /shared/core.a"
    );
}

#[test]
fn s1_7_3_one_archive_command_per_object() {
    let board = Tree::new().mini().board("one");
    let command = recipes(&board)
        .archive("/b/core/core.a".into(), "/b/core/x.c.o".into())
        .unwrap();
    assert_eq!(
        line(&command),
        "'/opt/mini bin/ar' rcs /b/core/core.a /b/core/x.c.o"
    );
}

#[test]
fn s1_7_4_families_run_in_the_byte_order_of_their_keys() {
    let tree = with(
        "recipe.hooks.prebuild.2.pattern=two\nrecipe.hooks.prebuild.12.pattern=twelve\nrecipe.hooks.prebuild.1.pattern=one\n\
         recipe.hooks.prebuild.3.pattern=\nrecipe.hooks.prebuild.pattern=plain\nrecipe.hooks.prebuild.4.pattern.windows=never\n\
         recipe.hooks.postbuild.pattern=only\n\
         recipe.c.combine.1.pattern=first {object_files}\nrecipe.c.combine.2.pattern=second\n\
         recipe.objcopy.progmem.pattern=bash -c \"echo > x && y\"\n",
    );
    let of_sketch = recipes(&tree.board("one"));
    assert_eq!(
        lines(&of_sketch.hooks(HookPoint::Prebuild).unwrap()),
        ["one", "twelve", "two"]
    );
    assert_eq!(
        lines(&of_sketch.hooks(HookPoint::Postbuild).unwrap()),
        ["only"]
    );
    assert_eq!(
        lines(&of_sketch.link(&["/o"], "/b/core.a".into()).unwrap()),
        ["first /o", "second"]
    );
    let copied = lines(&of_sketch.objcopy().unwrap());
    assert_eq!(copied.len(), 3);
    assert!(
        copied[0].contains(".eep") && copied[1].contains("ihex"),
        "{copied:?}"
    );
    assert_eq!(copied[2], "bash -c 'echo > x && y'");
    let user = tree.board_with(
        "one",
        &[
            "recipe.hooks.prebuild.0.pattern=zero",
            "recipe.hooks.prebuild.2.pattern=",
        ],
    );
    assert_eq!(
        lines(&recipes(&user).hooks(HookPoint::Prebuild).unwrap()),
        ["zero", "one", "twelve"]
    );
}

#[test]
fn s1_8_every_hook_has_its_own_family() {
    let local: String = HookPoint::ALL
        .iter()
        .map(|point| format!("{}.1.pattern=run {}\n", point.family(), point.family()))
        .collect();
    let of_sketch = recipes(&with(&local).board("one"));
    for point in HookPoint::ALL {
        assert_eq!(
            lines(&of_sketch.hooks(point).unwrap()),
            [format!("run {}", point.family())]
        );
    }
}

#[test]
fn s1_7_5_preprocessing() {
    let discover = |tree: &Tree| {
        let of_sketch = recipes(&tree.board("one"));
        let command = of_sketch.preprocess(
            &dirs(&["/i"]),
            "/a.c".into(),
            "/dev/null".into(),
            Some("/d e".into()),
        );
        line(&command.unwrap())
    };
    let derived = discover(&Tree::new().mini());
    let expect = "'/opt/mini bin/c++' -c -w -w -x c++ -E -CC -mmcu=m1 -DARDUINO=10607 -DARDUINO_MINI_ONE -DARDUINO_ARCH_AVR -I/i /a.c \
                  -o /dev/null -MMD -MF '/d e'";
    assert_eq!(derived, expect);
    let flags = discover(&with("preproc.macros.flags=-E -P\n"));
    assert!(flags.contains(" -c -w -E -P -mmcu=m1 "), "{flags}");
    let own = with(
        "recipe.preproc.macros=cpp -MMD {build.library_discovery_phase} {includes} {source_file} {preprocessed_file_path}\n",
    );
    assert_eq!(discover(&own), "cpp 1 -I/i /a.c /dev/null -MMD -MF '/d e'");
    let prototypes = recipes(&own.board("one"))
        .preprocess(&[], "/a.cpp".into(), "/b/x.cpp".into(), None)
        .unwrap();
    assert_eq!(line(&prototypes), "cpp 1 /a.cpp /b/x.cpp");
    assert_eq!(
        compile(
            &with("compiler.c.flags={build.library_discovery_phase}\n"),
            "/a.c"
        )
        .unwrap()
        .split(' ')
        .nth(2),
        Some("0")
    );
}

#[test]
fn s2_3_6_flags_of_precompiled_libraries() {
    let board = Tree::new().mini().board("one");
    let of_sketch = recipes(&board);
    let more = of_sketch
        .with_libraries_ldflags(" \"-L/l ib\" -lx")
        .unwrap()
        .with_libraries_ldflags(" -ly")
        .unwrap();
    let linked = line(&more.link(&["/o"], "/b/core.a".into()).unwrap()[0]);
    assert!(
        linked.ends_with("/o '-L/l ib' -lx -ly /b/core.a"),
        "{linked}"
    );
    let plain = line(&of_sketch.link(&["/o"], "/b/core.a".into()).unwrap()[0]);
    assert!(plain.ends_with("/o /b/core.a"), "{plain}");
    let bare = Tree::new()
        .file("hw/a/avr/boards.txt", "b.build.core=base\n")
        .dir("hw/a/avr/cores/base");
    assert!(
        recipes(&bare.board("b"))
            .with_libraries_ldflags("-lx")
            .is_none()
    );
}

#[test]
fn shared_commands_know_no_sketch() {
    let tree = Tree::new().mini();
    assert_eq!(recipes(&tree.board("one")).sketch_value_in_compile(), None);
    let cases = [
        (
            "build.extra_flags=-include {build.path}/x.h",
            Some("build.path"),
        ),
        (
            "build.extra_flags={a}\na={b}\nb=-D{build.project_name}",
            Some("build.project_name"),
        ),
        (
            "compiler.S.flags=-I{build.source.path}",
            Some("build.source.path"),
        ),
        ("recipe.cxx.o.pattern=x {sketch_path}", Some("sketch_path")),
        (
            "build.extra_flags={build.{what}}\nwhat=path",
            Some("build.path"),
        ),
        ("recipe.hooks.prebuild.1.pattern=x {build.path}", None),
        ("build.extra_flags=-I{build.core.path}", None),
    ];
    for (local, expect) in cases {
        assert_eq!(
            recipes(&with(local).board("one")).sketch_value_in_compile(),
            expect,
            "{local}"
        );
    }
    let fixed = with("build.extra_flags=-D{build.path}").board_with("one", &["build.path=/fixed"]);
    assert_eq!(
        recipes(&fixed).sketch_value_in_compile(),
        None,
        "what the user fixes is the same for all"
    );
    let board = tree.board("one");
    let shared = SketchRecipes::for_shared(&board, "/shared".into())
        .compile(&[], "/a.c".into(), "/o".into())
        .unwrap();
    assert_eq!(
        shared,
        recipes(&board)
            .compile(&[], "/a.c".into(), "/o".into())
            .unwrap()
    );
}

/// The shapes of other architectures' platforms, in own words: option files, hooks and tools of their own.
#[test]
fn s1_9_platforms_with_option_files_and_hooks() {
    let esp = r#"
name=Shape of ESP
version=1
runtime.tools.py.path={runtime.platform.path}/py
runtime.tools.py.path.windows={runtime.platform.path}/win
opt.fqfn={build.path}/core/build.opt
compiler.cpp.flags=-c "@{opt.fqfn}" -std=gnu++17 {build.stacksmash} -MMD
recipe.cpp.o.pattern="{compiler.path}g++" {compiler.cpp.flags} -DF_CPU={build.f_cpu} {build.extra_flags} {includes} "{source_file}" -o "{object_file}"
recipe.hooks.prebuild.1.pattern="{runtime.tools.py.path}/python" -I "{runtime.platform.path}/make opt.py" "{runtime.ide.path}" {runtime.ide.version} "{build.path}" "{opt.fqfn}"
recipe.hooks.prebuild.1.pattern.windows=cmd /C never
recipe.hooks.linking.prelink.1.pattern="{compiler.path}gcc" -E -P "{runtime.platform.path}/ld/{build.flash_ld}" -o "{build.path}/local.ld"
recipe.objcopy.hex.1.pattern="{runtime.tools.py.path}/python" sign --bin "{build.path}/{build.project_name}.bin"
recipe.objcopy.hex.2.pattern=tool {undefined.marker}
recipe.size.pattern=size -A "{build.path}/{build.project_name}.elf"
recipe.size.regex=^(?:\.irom0\.text|\.text|\.data)\s+([0-9]+).*
"#;
    let boards = "menu.ld=Flash size\nd.name=D\nd.build.core=base\nd.build.board=D1\nd.build.f_cpu=80\nd.menu.ld.4m=4MB\n\
                  d.menu.ld.4m.build.flash_ld=4m.ld\nd.menu.ld.1m=1MB\nd.menu.ld.1m.build.flash_ld=1m.ld\nd.build.stacksmash=\n";
    let tree = Tree::new()
        .file("hw/corp/esp/platform.txt", esp)
        .file("hw/corp/esp/boards.txt", boards)
        .dir("hw/corp/esp/cores/base");
    let board = tree.board("d:ld=1m");
    let of_sketch = recipes(&board);
    let platform = tree.at("hw/corp/esp");
    let prebuild = of_sketch.hooks(HookPoint::Prebuild).unwrap();
    assert_eq!(prebuild.len(), 1);
    assert_eq!(prebuild[0].program, format!("{platform}/py/python"));
    assert_eq!(prebuild[0].args[1], format!("{platform}/make opt.py"));
    assert_eq!(&prebuild[0].args[4..], ["/b", "/b/core/build.opt"]);
    let prelink = of_sketch.hooks(HookPoint::LinkingPrelink).unwrap();
    assert!(prelink[0].args.contains(&format!("{platform}/ld/1m.ld")));
    let copied = of_sketch.objcopy().unwrap();
    assert_eq!(line(&copied[1]), "tool '{undefined.marker}'");
    let command = of_sketch
        .compile(&[], "/b/sketch/x.cpp".into(), "/o".into())
        .unwrap();
    assert_eq!(
        line(&command),
        "'{compiler.path}g++' -c @/b/core/build.opt -std=gnu++17 -MMD -DF_CPU=80 '{build.extra_flags}' /b/sketch/x.cpp -o /o"
    );
    assert_eq!(
        recipes(&board).sketch_value_in_compile(),
        Some("build.path"),
        "its objects belong to one sketch"
    );
}

#[test]
fn s1_9_platforms_that_pass_quoted_defines() {
    let samd = r#"
compiler.cpp.flags=-mcpu={build.mcu} -mthumb -c
build.usb_flags=-DUSB_VID={build.vid} '-DUSB_MANUFACTURER={build.usb_manufacturer}' '-DUSB_PRODUCT={build.usb_product}'
recipe.cpp.o.pattern="{compiler.path}g++" {compiler.cpp.flags} {build.extra_flags} {includes} "{source_file}" -o "{object_file}"
recipe.c.combine.pattern="{compiler.path}g++" "-L{build.path}" "-T{build.variant.path}/{build.ldscript}" --specs=nano.specs -o "{build.path}/{build.project_name}.elf" {object_files} -Wl,--start-group -lm "{build.path}/{archive_file}" -Wl,--end-group
recipe.objcopy.bin.pattern="{compiler.path}objcopy" -O binary "{build.path}/{build.project_name}.elf" "{build.path}/{build.project_name}.bin"
"#;
    let boards = "z.name=Z\nz.build.mcu=cortex-m0plus\nz.build.core=base\nz.build.variant=z (rev 2)\nz.build.vid=0x2341\nz.build.ldscript=a/flash.ld\n\
                  z.build.usb_product=\"Zero One\"\nz.build.usb_manufacturer=\"Corp LLC\"\nz.build.extra_flags=-D__Z__ {build.usb_flags}\nz.compiler.path=/t/\n";
    let tree = Tree::new()
        .file("hw/corp/samd/platform.txt", samd)
        .file("hw/corp/samd/boards.txt", boards)
        .dir("hw/corp/samd/cores/base");
    let board = tree.board("z");
    let variant = tree.at("hw/corp/samd/variants/z (rev 2)");
    assert_eq!(
        board.variant_dir(),
        Some(variant.as_path()),
        "a variant that does not exist keeps its place"
    );
    let of_sketch = recipes(&board);
    let command = of_sketch
        .compile(std::slice::from_ref(&variant), "/x.cpp".into(), "/o".into())
        .unwrap();
    let expect = [
        "-mcpu=cortex-m0plus",
        "-mthumb",
        "-c",
        "-D__Z__",
        "-DUSB_VID=0x2341",
        "-DUSB_MANUFACTURER=\"Corp LLC\"",
        "-DUSB_PRODUCT=\"Zero One\"",
        &format!("-I{variant}"),
        "/x.cpp",
        "-o",
        "/o",
    ];
    assert_eq!(command.args, expect);
    let linked = of_sketch
        .link(&["/b/a.o"], "/b/core/core.a".into())
        .unwrap()
        .remove(0);
    assert_eq!(linked.args[1], format!("-T{variant}/a/flash.ld"));
    assert!(linked.args.contains(&"/b/core/core.a".to_owned()));
}
