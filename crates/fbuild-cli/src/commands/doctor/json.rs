//! The findings of `fbuild doctor` as JSON.

use fbuild_platform::{Installation, SearchRoots};
use serde_json::{Value, json};

use super::compilers::{Compiler, State};
use super::remote::{self, Server};

/// Returns the document. `faults` are those of the platform paths that the user named.
pub fn document(
    faults: &[String],
    roots: &SearchRoots,
    installation: &Installation,
    compilers: &[Compiler],
    server: Option<&Server>,
) -> Value {
    let platforms = installation.platforms().map(|platform| {
        json!({
            "id": platform.id(),
            "version": platform.version,
            "dir": platform.dir,
        })
    });
    let dirs = [
        &roots.explicit,
        &roots.hardware,
        &roots.data,
        &roots.platformio,
    ];
    let searched = dirs
        .into_iter()
        .flatten()
        .map(|dir| json!({ "dir": dir, "exists": dir.exists() }));
    let usable = compilers
        .iter()
        .any(|compiler| compiler.state == State::Works);
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "usable": usable,
        "problems": faults,
        "warnings": installation.warnings(),
        "platforms": platforms.collect::<Vec<_>>(),
        "searched": searched.collect::<Vec<_>>(),
        "compilers": compilers.iter().map(compiler).collect::<Vec<_>>(),
        "remote_cache": server.map(remote::json),
    })
}

fn compiler(compiler: &Compiler) -> Value {
    let (state, problem) = match &compiler.state {
        State::Works => ("works", None),
        State::Missing(programs) => (
            "missing",
            Some(format!("not found: {}", programs.join(", "))),
        ),
        State::Fails(message) => ("fails", Some(message.clone())),
        State::Unusable(message) => ("unusable", Some(message.clone())),
    };
    let quirks = compiler.quirks.iter().map(|quirk| quirk.id);
    json!({
        "platform": compiler.platform,
        "program": compiler.program,
        "version": compiler.version,
        "boards": compiler.boards,
        "state": state,
        "problem": problem,
        "quirks": quirks.collect::<Vec<_>>(),
    })
}
