//! A scripted compiler, archiver, linker, converter and size program: whichever its name says.
//!
//! What it writes is a deterministic text, so tests can compare firmware without a toolchain, and every call is recorded in
//! `$FAKE_TOOL_DIR/calls`. Comments in sources make it fail, wait or complain; `script.rs` lists them. It needs nothing but `std`, because a
//! build script compiles it without cargo.

mod archive;
mod args;
mod cc;
mod preprocess;
mod record;
mod script;
mod tools;

use std::process::ExitCode;

fn main() -> ExitCode {
    let argv: Vec<String> = std::env::args_os()
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let tool = argv
        .first()
        .and_then(|name| name.rsplit('/').next())
        .unwrap_or_default()
        .to_owned();
    let rest = &argv[1.min(argv.len())..];
    let role = match tool.as_str() {
        "fake-ar" => "archive",
        "fake-objcopy" => "objcopy",
        "fake-size" => "size",
        _ => args::role(rest),
    };
    let call = record::begin(&tool, role, &argv);
    let result = match role {
        "archive" => archive::run(rest),
        "objcopy" => tools::objcopy(rest),
        "size" => tools::size(rest),
        _ => cc::run(&tool, role, rest),
    };
    let code = match result {
        Ok(()) => 0,
        Err(message) => {
            eprint!("{message}");
            1
        }
    };
    call.end(code);
    ExitCode::from(code)
}
