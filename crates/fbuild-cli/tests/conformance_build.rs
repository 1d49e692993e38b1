//! Rows of docs/semantics.md that only a whole build shows, each test named after its row.
//!
//! Most use the scripted platform; those of one row that is about real tools say so aloud where the tools are missing.

#![expect(clippy::unwrap_used, reason = "a test stops at any surprise")]

use camino::Utf8Path;
use fbuild_testkit::calls::Role;
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, need, needs};

fn project() -> Project {
    Project::new(env!("CARGO_BIN_EXE_fbuild")).fake_platform()
}

/// Adds lines to the scripted platform's platform.local.txt.
fn platform_local(project: &Project, lines: &str) {
    fs_err::write(project.platform().join("platform.local.txt"), lines).unwrap();
}

/// The files of the only link, in order, by their last two components.
fn linked(project: &Project) -> Vec<String> {
    let calls = project.calls();
    let links = calls.of(Role::Link);
    assert_eq!(links.len(), 1);
    let files = links[0]
        .argv
        .iter()
        .filter(|word| word.ends_with(".o") || word.ends_with(".a"));
    files
        .map(|word| word.rsplit('/').next().unwrap().to_owned())
        .collect()
}

#[test]
fn s1_2_5_local_files_are_merged_over() {
    let project = project().sketch("S", PLAIN);
    platform_local(&project, "compiler.cpp.extra_flags=-DFROM_PLATFORM_LOCAL\n");
    fs_err::write(
        project.platform().join("boards.local.txt"),
        "solo.build.f_cpu=7L\nsolo.menu.speed.slow.build.f_cpu=7L\nnew.name=New\n",
    )
    .unwrap();
    project.compile_many(["S"]).ok();
    let calls = project.calls();
    let compile = calls
        .of(Role::Compile)
        .into_iter()
        .find(|call| call.mentions("S.ino.cpp"))
        .unwrap();
    assert!(
        compile.mentions("-DFROM_PLATFORM_LOCAL") && compile.mentions("-DF_CPU=7L"),
        "{:?}",
        compile.argv
    );
    assert!(
        project
            .fbuild(["boards"])
            .ok()
            .stdout
            .contains("fake:avr:new")
    );
    fs_err::remove_file(project.platform().join("boards.txt")).unwrap();
    project.compile_many(["S"]).expect_code(2);
}

#[test]
fn s1_7_2_a_folder_in_which_a_header_is_found_is_on_the_command_line() {
    // Found but not read: another file of the same text was; it was read from beside the includer before; it is only asked for.
    let same = "#pragma once\n";
    let project = project()
        .library("One", &[("src/One.h", same), ("src/One.cpp", "int one;\n")])
        .library("Two", &[("Two.h", same), ("Two.cpp", "int two;\n"), ("library.properties", "name=Two\nversion=1\n")])
        .library("Three", &[("src/Three.h", "#ifndef T\n#define T\n#endif\n"), ("src/Three.cpp", "#include \"Three.h\"\n#include <Three.h>\nint three;\n")])
        .library("Four", &[("src/Four.h", same), ("src/Five.h", same), ("src/Four.cpp", "int four;\n")])
        .library("Asks", &[("src/Asks.h", same), ("src/Asks.cpp", "#if !__has_include(<Five.h>)\n#error Five.h is there\n#endif\nint asks;\n")])
        .sketch("S", &format!("#include <One.h>\n#include <Two.h>\n#include <Three.h>\n#include <Four.h>\n#include <Asks.h>\n{PLAIN}"));
    project.compile_many(["S"]).ok();
    needs!(need::AVR);
    let arguments = ["build", "--board", "uno", "--libraries", "libraries", "S"];
    project
        .command(arguments)
        .env("FBUILD_PLATFORM_PATH", "")
        .run()
        .ok();
}

#[test]
fn s1_7_6_recipes_of_other_builders_are_ignored() {
    let project = project().sketch("S", PLAIN);
    let keys = [
        "recipe.preproc.includes",
        "recipe.output.tmp_file",
        "recipe.output.save_file",
    ];
    let lines: String = keys
        .iter()
        .map(|key| format!("{key}=/no/such/program\n{key}.pattern=/no/such/program\n"))
        .collect();
    platform_local(&project, &lines);
    project.compile_many(["S"]).ok();
}

#[test]
fn s1_8_hooks_run_in_the_order_of_the_sequence() {
    let points = [
        "prebuild",
        "sketch.prebuild",
        "sketch.postbuild",
        "libraries.prebuild",
        "libraries.postbuild",
        "core.prebuild",
        "core.postbuild",
        "linking.prelink",
        "linking.postlink",
        "objcopy.preobjcopy",
        "objcopy.postobjcopy",
        "postbuild",
        "savehex.presavehex",
        "savehex.postsavehex",
    ];
    let project = project().sketch("S", PLAIN);
    let order = project.tool_dir().join("order");
    // The second hook of a point comes first in the byte order of keys: `.10.` before `.2.`.
    let hook = |point: &str, number: &str| {
        format!(
            "recipe.hooks.{point}.{number}.pattern=sh -c \"echo {point} {number} >>'{order}'\"\n"
        )
    };
    let lines: String = points
        .iter()
        .map(|point| hook(point, "2") + &hook(point, "10"))
        .collect();
    platform_local(&project, &lines);
    project.compile_many(["--export-binaries", "S"]).ok();
    let ran = fs_err::read_to_string(&order).unwrap();
    let expect: String = points
        .iter()
        .map(|point| format!("{point} 10\n{point} 2\n"))
        .collect();
    assert_eq!(ran, expect);

    platform_local(
        &project,
        "recipe.hooks.linking.prelink.1.pattern=sh -c \"echo a hook complains >&2; exit 3\"\n",
    );
    let run = project.compile_many(["S"]).expect_code(1);
    assert!(
        run.stderr.contains("a hook complains"),
        "{}",
        run.transcript()
    );
}

#[test]
fn s1_8_the_bootloader_is_merged_before_the_last_hooks() {
    let project = project().sketch("S", PLAIN);
    platform_local(
        &project,
        "bootloader.file=boot.hex\nrecipe.hooks.postbuild.1.pattern=sh -c \"cp '{build.path}/{build.project_name}.with_bootloader.hex' '{build.path}/{build.project_name}.seen'\"\nrecipe.hooks.objcopy.postobjcopy.1.pattern=sh -c \"test ! -e '{build.path}/{build.project_name}.with_bootloader.hex'\"\n",
    );
    let boot = |data: &str, sum: &str| {
        let dir = project.platform().join("bootloaders");
        fs_err::create_dir_all(&dir).unwrap();
        let text = format!(":017E0000{data}{sum}\n:00000001FF\n");
        fs_err::write(dir.join("boot.hex"), text).unwrap();
    };
    // The hook sees the image of every build, also when only the bootloader has changed.
    for (data, sum) in [("AA", "D7"), ("BB", "C6"), ("AA", "D7")] {
        boot(data, sum);
        project.compile_many(["S"]).ok();
        let merged = project.read(".fbuild/solo/S/S.ino.with_bootloader.hex");
        assert!(
            merged.contains(&format!(":017E0000{data}{sum}")),
            "{merged}"
        );
        assert_eq!(project.read(".fbuild/solo/S/S.ino.seen"), merged);
        let bin = project.read_bytes(".fbuild/solo/S/S.ino.with_bootloader.bin");
        assert_eq!(bin.last(), Some(&u8::from_str_radix(data, 16).unwrap()));
    }
}

#[test]
fn s2_1_6_the_sketch_folder_is_not_on_the_include_path() {
    for (include, code) in [("\"own.h\"", 0), ("<own.h>", 1)] {
        let project = project()
            .sketch("S", &format!("#include {include}\n{PLAIN}"))
            .file("S/own.h", "#pragma once\n");
        project.compile_many(["S"]).expect_code(code);
    }
}

#[test]
fn s2_3_2_examples_extras_and_tests_are_never_compiled() {
    let broken = "// fake: fail it was compiled\n";
    let project = project()
        .library(
            "Lib",
            &[
                ("src/Lib.h", "#pragma once\n"),
                ("src/Lib.cpp", "int lib;\n"),
                ("src/.hidden/x.cpp", broken),
                ("src/.git/x.cpp", broken),
                ("src/CVS/x.cpp", broken),
                ("Root.cpp", broken),
                ("examples/A/x.cpp", broken),
                ("extras/x.cpp", broken),
                ("tests/x.cpp", broken),
            ],
        )
        .sketch("S", &format!("#include <Lib.h>\n{PLAIN}"));
    project.compile_many(["S"]).ok();
    assert_eq!(project.calls().compiles_of("Lib/src/Lib.cpp"), 1);
    assert_eq!(
        project.calls().compiles_of("x.cpp") + project.calls().compiles_of("Root.cpp"),
        0
    );
}

#[test]
fn s2_3_7_objects_are_named_by_the_folder_of_their_set() {
    let project = project()
        .library(
            "Lib",
            &[
                ("src/Lib.h", "#pragma once\n"),
                ("src/Lib.cpp", "int lib;\n"),
            ],
        )
        .sketch("S", &format!("#include <Lib.h>\n{PLAIN}"))
        .file("S/src/deep/more.c", "int more;\n");
    project.compile_many(["S"]).ok();
    let calls = project.calls();
    let link = calls.of(Role::Link)[0];
    for end in [
        "/sketch/S.ino.cpp.o",
        "/sketch/src/deep/more.c.o",
        "/libraries/Lib/Lib.cpp.o",
        "/core/core.a",
    ] {
        assert!(
            link.argv.iter().any(|word| word.ends_with(end)),
            "{end}: {:?}",
            link.argv
        );
    }
}

#[test]
fn s3_2_sketch_then_libraries_then_variant_then_core() {
    let project = project()
        .library(
            "Zed",
            &[
                ("src/Zed.h", "#pragma once\n"),
                ("src/b.cpp", "int b;\n"),
                ("src/B.c", "int c;\n"),
                ("src/a/z.cpp", "int z;\n"),
            ],
        )
        .library(
            "Flat",
            &[
                ("Flat.h", "#pragma once\n"),
                ("y.cpp", "int y;\n"),
                ("utility/a.c", "int a;\n"),
                ("library.properties", "name=Flat\nversion=1\n"),
            ],
        )
        .sketch(
            "S",
            &format!("#include <Zed.h>\n#include <Flat.h>\n{PLAIN}"),
        )
        .file("S/other.cpp", "int other;\n")
        .file("S/Upper.S", "; upper\n")
        .file("S/src/inner.c", "int inner;\n");
    project.compile_many(["S"]).ok();
    let expect = [
        "S.ino.cpp.o",
        "Upper.S.o",
        "other.cpp.o",
        "inner.c.o",
        "B.c.o",
        "z.cpp.o",
        "b.cpp.o",
        "y.cpp.o",
        "a.c.o",
        "variant.cpp.o",
        "core.a",
    ];
    assert_eq!(linked(&project), expect);
}

#[test]
fn s3_3_a_library_with_dot_a_linkage_is_linked_as_an_archive() {
    let properties = "name=Lazy\nversion=1\ndot_a_linkage=true\n";
    let project = project()
        .library(
            "Lazy",
            &[
                ("src/Lazy.h", "#pragma once\n"),
                ("src/Lazy.cpp", "int lazy;\n"),
                ("library.properties", properties),
            ],
        )
        .library(
            "Flat",
            &[
                ("Flat.h", "#pragma once\n"),
                ("Flat.cpp", "int flat;\n"),
                ("library.properties", &properties.replace("Lazy", "Flat")),
            ],
        )
        .sketch(
            "S",
            &format!("#include <Lazy.h>\n#include <Flat.h>\n{PLAIN}"),
        );
    project.compile_many(["S"]).ok();
    assert_eq!(
        linked(&project),
        [
            "S.ino.cpp.o",
            "Lazy.a",
            "Flat.cpp.o",
            "variant.cpp.o",
            "core.a"
        ]
    );
    assert!(!project.calls().of(Role::Link)[0].mentions("whole-archive"));
}

#[test]
fn s3_5_a_list_of_objects_that_is_too_long_becomes_archives() {
    let long = "a_name_of_a_source_file_that_is_not_exactly_short_so_that_not_so_many_of_them_are_needed_to_reach_the_limit_of_the_list_of_objects";
    let files: Vec<(String, String)> = (0..250)
        .map(|number| {
            (
                format!("src/{long}_{number}.c"),
                format!("int many_{number};\n"),
            )
        })
        .collect();
    let mut files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    files.push(("src/Many.h", "#pragma once\n"));
    files.push(("src/deep/more.c", "int more;\n"));
    let project = project().library("Many", &files).sketch(
        "S",
        &format!("#include <Many.h>\n// fake: size 100 10\n{PLAIN}"),
    );
    project.compile_many(["S"]).ok();
    let calls = project.calls();
    let link = calls.of(Role::Link)[0];
    let at = |word: &str| {
        link.argv
            .iter()
            .position(|arg| arg.ends_with(word))
            .unwrap_or_else(|| panic!("there is no {word}"))
    };
    let order = [
        "-Wl,--whole-archive",
        "/sketch/objs.a",
        "/libraries/Many/objs.a",
        "/libraries/Many/deep/objs.a",
        "/core/objs.a",
        "-Wl,--no-whole-archive",
        "/core/core.a",
    ];
    let order: Vec<usize> = order.into_iter().map(at).collect();
    assert!(order.is_sorted(), "{order:?}: {:?}", link.argv);
    assert!(!link.argv.iter().any(|word| word.ends_with(".o")));
}

#[test]
fn s1_3_6_archives_of_a_list_that_is_too_long_are_made_and_linked() {
    needs!(need::AVR);
    let deep = "a_folder_whose_name_is_as_long_as_this_one/".repeat(5);
    let files: Vec<(String, String)> = (0..150)
        .map(|number| {
            let text = format!("int many_{number}(void) {{ return {number}; }}\n");
            (format!("src/{deep}many_{number}.c"), text)
        })
        .collect();
    let mut files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    files.push(("src/Many.h", "extern \"C\" int many_7(void);\n"));
    let sketch = "#include <Many.h>\nvolatile int kept;\nvoid setup() { kept = many_7(); }\nvoid loop() {}\n";
    let project = project().library("Many", &files).sketch("S", sketch);
    let arguments = ["build", "--board", "uno", "--libraries", "libraries", "S"];
    let run = project
        .command(arguments)
        .env("FBUILD_PLATFORM_PATH", "")
        .run();
    run.ok();
    let log = project.read(".fbuild/uno/S/build.log");
    assert!(log.contains("-Wl,--whole-archive"), "{log}");
}

#[test]
fn s3_6_the_core_is_shared_by_its_full_commands() {
    let project = project().sketch("S", PLAIN);
    project.compile_many(["S"]).ok();
    let once = project.calls().compiles_of("cores/mini/main.cpp");
    project.compile_many(["S"]).ok();
    assert_eq!(
        (once, project.calls().compiles_of("cores/mini/main.cpp")),
        (1, 1)
    );
    project
        .compile(["S", "--build-property", "build.extra_flags=-DOTHER"])
        .run()
        .ok();
    assert_eq!(project.calls().compiles_of("cores/mini/main.cpp"), 2);
}

#[test]
fn s4_1_3_both_generated_texts_are_saved() {
    let project = project().sketch(
        "S",
        "void setup() { later(); }\nvoid loop() {}\nvoid later() {}\n",
    );
    project.compile_many(["S"]).ok();
    let merged = project.read(".fbuild/solo/S/sketch/S.ino.cpp.merged");
    let text = project.read(".fbuild/solo/S/sketch/S.ino.cpp");
    assert!(
        merged.starts_with("#include <Arduino.h>\n#line 1 \"")
            && !merged.contains("later();\n#line"),
        "{merged}"
    );
    assert!(text.contains("void later();\n"), "{text}");
}

#[test]
fn s4_2_1_preprocessing_that_fails_fails_the_build() {
    for board in ["solo", "mute"] {
        let project = project().sketch("S", &format!("#error stop here\n{PLAIN}"));
        let run = project.compile_for(board, ["S"]).run().expect_code(1);
        assert!(
            run.stderr.contains("stop here"),
            "{board}: {}",
            run.transcript()
        );
        assert_eq!(project.calls().compiles_of("S.ino.cpp"), 0, "{board}");
    }
}

#[test]
fn s5_1_6_a_failed_has_include_hides_the_library() {
    needs!(need::AVR);
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"))
        .sketch("Asks", "#if __has_include(<Wire.h>)\n#endif\n#include <Wire.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch("Uses", "#if __has_include(<Wire.h>)\n#endif\n#include <Wire.h>\nvoid setup() { Wire.begin(); }\nvoid loop() {}\n");
    let run = project.compile_for("uno", ["Asks", "Uses"]).run();
    let report = run.report();
    // gcc from version 5 on; another one includes the library, and both sketches build with it.
    if report["sketches"][1]["outcome"] == "built" {
        assert_eq!(report["sketches"][0]["libraries"][0]["name"], "Wire");
        return;
    }
    assert_eq!(
        report["sketches"][0]["libraries"].as_array().map(Vec::len),
        Some(0),
        "{}",
        run.transcript()
    );
    assert!(
        run.line("Uses").message.contains("was not declared"),
        "{}",
        run.transcript()
    );
}

#[test]
fn s5_4_3_libraries_that_are_no_longer_used_take_no_part() {
    let project = project()
        .simple_library("Old", "")
        .simple_library("New", "")
        .sketch("S", &format!("#include <Old.h>\n{PLAIN}"));
    project.compile_many(["S"]).ok();
    project.write("S/S.ino", format!("#include <New.h>\n{PLAIN}"));
    project.forget_calls();
    project.compile_many(["S"]).ok();
    assert_eq!(
        linked(&project),
        ["S.ino.cpp.o", "New.cpp.o", "variant.cpp.o", "core.a"]
    );
}

#[test]
fn s6_5_the_linker_refuses_what_exceeds_the_device() {
    needs!(need::AVR);
    let text = |size: u32| {
        format!(
            "const char big[{size}] PROGMEM = {{1}};\nvoid setup() {{ Serial.begin(pgm_read_byte(big + analogRead(0))); }}\nvoid loop() {{}}\n"
        )
    };
    // Larger than the device (32768 bytes); larger than what the bootloader leaves (32256 bytes).
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"))
        .sketch("Device", &text(32700))
        .sketch("Board", &text(30700));
    let run = project
        .compile_for("uno", ["Device", "Board"])
        .run()
        .expect_code(1);
    let report = run.report();
    assert_eq!(
        report["sketches"][0]["phase"],
        "link",
        "{}",
        run.transcript()
    );
    assert_eq!(
        report["sketches"][1]["phase"],
        "size",
        "{}",
        run.transcript()
    );
    assert!(
        run.line("Board")
            .message
            .contains("text section exceeds available space in board"),
        "{}",
        run.transcript()
    );
    assert!(project.path(".fbuild/uno/Board/Board.ino.hex").is_file());
}

#[test]
fn s6_6_a_recipe_for_advanced_sizes_decides() {
    let project = project().sketch("S", PLAIN);
    let print = |text: &str| {
        let script = project.tool_dir().join("size.json");
        fs_err::write(&script, text).unwrap();
        platform_local(
            &project,
            &format!(
                "recipe.advanced_size.pattern=cat \"{script}\"\nrecipe.size.pattern=/no/such/program\n"
            ),
        );
    };
    let sections = r#""sections":[{"name":"text","size":100,"max_size":1000},{"name":"data","size":7,"max_size":70}]"#;
    print(&format!(
        r#"{{"output":"all is well","severity":"info",{sections}}}"#
    ));
    let line = project.compile_many(["S"]).ok().line("S");
    assert!(project.read(&line.log).contains("all is well"));
    // Another text, so that the recipe runs again.
    project.write("S/S.ino", format!("{PLAIN}// longer\nint x;\n"));
    print(&format!(
        r#"{{"output":"too much","severity":"error",{sections},"error":"the psram is full"}}"#
    ));
    let run = project.compile(["S", "--no-cache"]).run().expect_code(1);
    assert!(
        run.line("S").message.contains("the psram is full"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_plan_can_be_looked_at_without_a_compiler() {
    let project = project()
        .sketch("S", &format!("#include <Lib.h>\n{PLAIN}"))
        .simple_library("Lib", "");
    platform_local(
        &project,
        "recipe.hooks.prebuild.1.pattern=/no/such/hook \"{build.path}\"\n",
    );
    for tool in [
        "fake-gcc",
        "fake-g++",
        "fake-ar",
        "fake-objcopy",
        "fake-size",
    ] {
        fs_err::remove_file(project.platform().join("bin").join(tool)).unwrap();
    }
    let run = project.compile(["--dry-run", "S"]).run().ok();
    let first = |end: &str| {
        run.stdout
            .lines()
            .position(|line| line.contains(end))
            .unwrap_or_else(|| panic!("{end}\n{}", run.transcript()))
    };
    let order = [
        first("/no/such/hook"),
        first("cores/mini/main.cpp -o"),
        first("S.ino.cpp -o"),
        first("fake-ar rcs"),
        first("S.ino.elf"),
        first("-j .eeprom"),
    ];
    assert!(order.is_sorted(), "{order:?}\n{}", run.transcript());
    assert!(
        run.stderr.contains("fake-g++` is not installed") && !run.stdout.contains("/fbuild.work"),
        "{}",
        run.transcript()
    );
    assert_eq!(project.calls().0.len(), 0);
    project.compile_many(["S"]).expect_code(2);
}

#[test]
fn a_device_that_the_tools_do_not_know_is_named() {
    needs!(need::AVR);
    // avr-gcc 5.4 knows atmega328pb and Debian's avr-libc does not; nobody knows the other one.
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"))
        .sketch("S", &format!("#include <avr/sleep.h>\n{PLAIN}"));
    let board = |mcu: &str| {
        let property = format!("build.mcu={mcu}");
        project
            .compile_for("uno", ["S", "--build-property", &property])
            .run()
    };
    let run = board("atmega999").expect_code(1);
    assert!(
        run.stdout.contains("does not know the device `atmega999`"),
        "{}",
        run.transcript()
    );
    let is_half_known = !Utf8Path::new("/usr/lib/avr/include/avr/iom328pb.h").exists()
        && Utf8Path::new("/usr/lib/gcc/avr/5.4.0/device-specs/specs-atmega328pb").exists();
    if !need::optional(&need::That(
        is_half_known,
        "a device that only the compiler knows",
    )) {
        return;
    }
    let run = board("atmega328pb").expect_code(1);
    assert!(
        run.line("S")
            .message
            .contains("the installed avr-libc has no header for the device `atmega328pb`"),
        "{}",
        run.transcript()
    );
    assert!(
        run.stderr
            .contains("arduino:avr:uno: the installed avr-libc has no header"),
        "{}",
        run.transcript()
    );
    project.compile_for("uno", ["S"]).run().ok();
}

#[test]
fn s1_1_2_debians_mighty_1284p_builds_below_a_vendors_folder() {
    let old = Utf8Path::new("/usr/share/arduino/hardware/mighty-1284p");
    needs!(need::AVR);
    if !need::optional(&old.join("boards.txt").as_str()) {
        return;
    }
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild")).sketch(
        "Pin",
        "void setup() { pinMode(1, OUTPUT); }\nvoid loop() { digitalWrite(1, !digitalRead(1)); delay(500); }\n",
    );
    let vendor = project.hardware().join("mighty");
    fs_err::create_dir_all(&vendor).unwrap();
    fs_err::os::unix::fs::symlink(old, vendor.join("avr")).unwrap();
    for board in ["mighty:avr:mighty_opt", "mighty:avr:mighty"] {
        let run = project.compile_for(board, ["Pin"]).run().ok();
        // The platform has no `build.board` and no core of its own (1.4.5, 1.4.6).
        assert!(
            run.stderr.contains("does not define `build.board`"),
            "{}",
            run.transcript()
        );
        let log = project.read(&run.line("Pin").log);
        assert!(
            log.contains("-mmcu=atmega1284p") && log.contains("arduino/avr/cores/arduino"),
            "{log}"
        );
    }
}
