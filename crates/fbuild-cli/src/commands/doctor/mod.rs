//! `fbuild doctor`: what was found on this machine, and how to get what is missing.
//!
//! A platform counts as usable if its compiler compiles a file that includes `Arduino.h` and the other programs of its recipes exist.

mod compilers;
mod json;
mod machine;
mod page;
mod remote;

use camino::Utf8Path;
use fbuild_build::toolchain::{Toolchain, find_program};
use fbuild_cache::{Cache, DEFAULT_MAX_SIZE};
use fbuild_platform::{Installation, SearchRoots};
use fbuild_scan::library::Location;
use fbuild_scan::library::index::{LibraryIndex, Root};

use self::compilers::{Compiler, State};
use self::page::Page;
use crate::args::remote::RemoteArgs;
use crate::args::{CacheArgs, FormatArgs, PlatformArgs};
use crate::error::CliError;
use crate::exit::Exit;
use crate::hints::is_avr_of_the_system;
use crate::places;
use crate::printer::Printer;
use crate::session::Inspection;
use crate::units::{bytes, count};

/// Prints the findings. Succeeds if at least one board can be built.
///
/// # Errors
/// If there is no place for temporary files, or a platform that was found cannot be read.
pub fn run(
    format: &FormatArgs,
    platforms: &PlatformArgs,
    (cache, remote): (&CacheArgs, &RemoteArgs),
    printer: &Printer,
) -> Result<Exit, CliError> {
    let (roots, installation, faults) = found(platforms)?;
    let inspection = Inspection::new(None)?;
    let tools = Toolchain::new(&inspection.session.cache, &inspection.session.runner);
    let compilers = compilers::find(&installation, &tools, &inspection, !platforms.no_quirks)?;
    let server = remote::state(remote)?;
    let usable = compilers
        .iter()
        .any(|compiler| compiler.state == State::Works);
    if format.is_json() {
        let document = json::document(&faults, &roots, &installation, &compilers, server.as_ref());
        printer.data(&format!("{document:#}\n"));
    } else {
        let mut page = Page::default();
        if !faults.is_empty() {
            page.heading("Platform paths");
            faults.iter().for_each(|fault| page.bad(fault));
        }
        found_platforms(&mut page, &roots, &installation);
        found_compilers(&mut page, &compilers);
        quirks(&mut page, &compilers, platforms.no_quirks);
        libraries(&mut page, &installation);
        store(&mut page, cache);
        if let Some(server) = &server {
            remote::describe(&mut page, server);
        }
        machine::describe(&mut page);
        references(&mut page, &inspection);
        cures(&mut page, &installation, &compilers);
        verdict(&mut page, &compilers);
        printer.page(&page.text());
    }
    Ok(if usable { Exit::Success } else { Exit::Usage })
}

/// Finds the platforms without the directories that the user named and that cannot be used, and says what is wrong with those.
fn found(platforms: &PlatformArgs) -> Result<(SearchRoots, Installation, Vec<String>), CliError> {
    let mut roots = places::search_roots(platforms);
    let mut faults = Vec::new();
    for dir in std::mem::take(&mut roots.explicit) {
        let alone = SearchRoots {
            explicit: vec![dir.clone()],
            ..SearchRoots::default()
        };
        let fault = match Installation::discover(&alone) {
            _ if !dir.is_dir() => Some(format!("{dir} does not exist")),
            Err(error) => Some(CliError::usage(error).to_string()),
            Ok(_) => None,
        };
        match fault {
            Some(fault) => faults.push(fault),
            None => roots.explicit.push(dir),
        }
    }
    let installation = Installation::discover(&roots)?;
    Ok((roots, installation, faults))
}

fn found_platforms(page: &mut Page, roots: &SearchRoots, installation: &Installation) {
    page.heading("Platforms");
    for platform in installation.platforms() {
        let id = platform.id();
        let of_platform = |fqbn: &str| {
            fqbn.strip_prefix(&id)
                .is_some_and(|rest| rest.starts_with(':'))
        };
        let boards = installation
            .boards()
            .filter(|board| !board.hidden && of_platform(&board.fqbn))
            .count();
        let version = if platform.version.is_empty() {
            "without a version"
        } else {
            &platform.version
        };
        page.line(&format!(
            "{id} {version}, {}, in {}",
            count(boards, "board", "boards"),
            platform.dir
        ));
    }
    if installation.platforms().len() == 0 {
        page.line("none");
    }
    installation
        .warnings()
        .iter()
        .chain(installation.notes())
        .for_each(|note| page.line(&format!("note: {note}")));
    page.line("looked in:");
    let kinds = [
        &roots.explicit,
        &roots.hardware,
        &roots.data,
        &roots.platformio,
    ];
    for dir in kinds.into_iter().flatten() {
        let whole = places::absolute(dir).unwrap_or_else(|_| dir.clone());
        let inside = installation
            .platforms()
            .filter(|platform| platform.dir.starts_with(&whole))
            .count();
        let found = match inside {
            0 if !dir.exists() => "does not exist".to_owned(),
            0 => "no platform in use".to_owned(),
            number => count(number, "platform", "platforms"),
        };
        page.line(&format!("  {dir}: {found}"));
    }
}

fn found_compilers(page: &mut Page, compilers: &[Compiler]) {
    page.heading("Compilers");
    if compilers.is_empty() {
        page.line("none, as there is no board");
    }
    for compiler in compilers {
        let version = compiler
            .version
            .as_deref()
            .map(|version| format!(" ({version})"))
            .unwrap_or_default();
        let boards = count(compiler.boards, "board", "boards");
        page.line(&format!(
            "{}: {}{version}, for {boards}",
            compiler.platform, compiler.program
        ));
        match &compiler.state {
            State::Works => {
                page.good("compiles Arduino.h; archiver, linker and converters are there")
            }
            State::Missing(programs) => page.bad(&format!("not found: {}", programs.join(", "))),
            State::Fails(message) => page.bad(&format!(
                "cannot compile Arduino.h for {}: {message}",
                compiler.example
            )),
            State::Unusable(message) => page.bad(message),
        }
    }
}

fn quirks(page: &mut Page, compilers: &[Compiler], switched_off: bool) {
    page.heading("Quirks");
    let mut any = false;
    for compiler in compilers {
        for quirk in &compiler.quirks {
            any = true;
            page.line(&format!(
                "{} on {}: {}",
                quirk.id, compiler.platform, quirk.title
            ));
            page.line(&format!("  applies because {}", quirk.condition));
            let how = if switched_off {
                "is not applied (--no-quirks)"
            } else {
                "--no-quirks leaves it out"
            };
            page.line(&format!(
                "  cure: {} in build.extra_flags; {how}",
                quirk.extra_flags
            ));
        }
    }
    if !any {
        page.line("none applies");
    }
}

fn libraries(page: &mut Page, installation: &Installation) {
    page.heading("Libraries");
    let sketchbooks = places::sketchbooks();
    for sketchbook in &sketchbooks {
        page.line(&format!(
            "{} in the sketchbook, {}",
            in_folder(&sketchbook.join("libraries")),
            sketchbook.join("libraries")
        ));
    }
    if sketchbooks.is_empty() && crate::env::get(crate::env::HOME).is_none() {
        page.line("no sketchbook: HOME is not set");
    } else if sketchbooks.is_empty() {
        page.line("no sketchbook: none of ~/Arduino, ~/Documents/Arduino and ~/sketchbook is there, and ARDUINO_DIRECTORIES_USER names none");
    }
    for platform in installation.platforms() {
        let dir = platform.dir.join("libraries");
        if dir.is_dir() {
            page.line(&format!(
                "{} with {}, {dir}",
                in_folder(&dir),
                platform.id()
            ));
        }
    }
}

fn in_folder(dir: &Utf8Path) -> String {
    let index = LibraryIndex::new([Root::folder(dir, Location::User)]);
    count(
        index.map_or(0, |index| index.libraries().len()),
        "library",
        "libraries",
    )
}

fn store(page: &mut Page, args: &CacheArgs) {
    page.heading("Cache");
    match places::cache_dir(args) {
        Err(error) => page.bad(&format!("{error}; {}", error.hints.join("; "))),
        Ok(dir) if !dir.exists() => page.line(&format!("{dir}, not made yet")),
        Ok(dir) => match Cache::open(&dir) {
            Err(error) => page.bad(&CliError::usage(error).to_string()),
            Ok(cache) => {
                let stats = cache.stats();
                let (size, limit) = (bytes(stats.bytes()), bytes(DEFAULT_MAX_SIZE));
                page.line(&format!(
                    "{dir}, {size} of at most {limit}, {} results",
                    stats.entries.files
                ));
            }
        },
    }
}

fn references(page: &mut Page, inspection: &Inspection) {
    page.heading("Reference tools for `fbuild parity`");
    let tools = [("arduino-cli", "version"), ("arduino-builder", "-version")];
    let mut any = false;
    for (name, question) in tools {
        if let Some(path) = find_program(name) {
            any = true;
            let version = machine::first_line(inspection, path.as_str(), question)
                .unwrap_or_else(|| "version unknown".to_owned());
            page.line(&format!("{path} ({version})"));
        }
    }
    if !any {
        page.line("none; builds do not need one");
    }
}

/// Says for everything missing how to install it.
fn cures(page: &mut Page, installation: &Installation, compilers: &[Compiler]) {
    let apt = find_program("apt-get").is_some();
    let mut cures: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if !cures.contains(&text) {
            cures.push(text);
        }
    };
    if installation.platforms().len() == 0 {
        if apt {
            add("platform and compiler for AVR boards: sudo apt-get install arduino-core-avr gcc-avr avr-libc".to_owned());
        }
        add("any platform, with its compiler: install the Arduino IDE, or arduino-cli and then `arduino-cli core install arduino:avr`".to_owned());
        add("a platform in a folder of its own: name the folder with --platform-path or FBUILD_PLATFORM_PATH".to_owned());
    }
    for compiler in compilers
        .iter()
        .filter(|compiler| compiler.state != State::Works)
    {
        let platform = &compiler.platform;
        add(match is_avr_of_the_system(&compiler.program) && apt {
            true => format!(
                "compiler for {platform}: sudo apt-get install gcc-avr binutils-avr avr-libc"
            ),
            false => format!(
                "compiler for {platform}: install the platform with its tools, for example `arduino-cli core install {platform}`"
            ),
        });
    }
    if find_program("arduino-cli").is_none() && find_program("arduino-builder").is_none() {
        let how = if apt {
            "sudo apt-get install arduino-builder arduino-ctags"
        } else {
            "install arduino-cli (arduino.github.io/arduino-cli)"
        };
        add(format!("a reference tool, only for `fbuild parity`: {how}"));
    }
    if !cures.is_empty() {
        page.heading("Missing");
        cures.iter().for_each(|cure| page.line(cure));
    }
}

fn verdict(page: &mut Page, compilers: &[Compiler]) {
    let boards: usize = compilers
        .iter()
        .filter(|compiler| compiler.state == State::Works)
        .map(|compiler| compiler.boards)
        .sum();
    page.heading("Verdict");
    match compilers
        .iter()
        .find(|compiler| compiler.state == State::Works)
    {
        Some(compiler) => {
            let board = &compiler.short_name;
            page.good(&format!(
                "firmware can be built for {}; try: fbuild compile-many --board {board} SKETCH...",
                count(boards, "board", "boards")
            ));
        }
        None => page.bad("no board can be built; see above for what to install"),
    }
}
