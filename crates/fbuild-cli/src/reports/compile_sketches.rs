//! The reports of arduino/compile-sketches; the commit comes from the environment that GitHub sets.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_report::RunReport;
use fbuild_report::compile_sketches::{Context, render};
use fbuild_report::json::Origin;

use super::target::Target;
use crate::env;

/// Returns what GitHub's environment says about the commit and the workspace.
pub(super) fn context(origin: &Origin) -> Context<'static> {
    let commit_hash = commit(origin);
    let repository = env::get(env::GITHUB_REPOSITORY).unwrap_or_default();
    Context {
        commit_url: format!("https://github.com/{repository}/commit/{commit_hash}"),
        commit_hash,
        workspace: env::get(env::GITHUB_WORKSPACE).map(Utf8PathBuf::from),
        ..Context::default()
    }
}

/// Writes one report per board into `dir`.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn write(dir: &Utf8Path, report: &RunReport, context: &Context<'_>) -> io::Result<()> {
    fs_err::create_dir_all(dir)?;
    for file in render(report, context) {
        let mut target = Target::open(&dir.join(file.name)).map_err(io::Error::other)?;
        target.write(&file.text)?;
    }
    Ok(())
}

/// Returns the pull request's head commit, else the commit that is checked out.
fn commit(origin: &Origin) -> String {
    let event = env::get(env::GITHUB_EVENT_PATH)
        .filter(|_| env::get(env::GITHUB_EVENT_NAME).is_some_and(|name| name == "pull_request"));
    let event = event.and_then(|path| fs_err::read_to_string(path).ok());
    let event: Option<serde_json::Value> = event.and_then(|text| serde_json::from_str(&text).ok());
    let head = event
        .as_ref()
        .and_then(|event| event["pull_request"]["head"]["sha"].as_str());
    head.map(str::to_owned)
        .or_else(|| origin.invocation.revision.clone())
        .or_else(|| env::get(env::GITHUB_SHA))
        .unwrap_or_default()
}
