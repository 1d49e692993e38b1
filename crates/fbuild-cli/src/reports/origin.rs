//! What the reports say about how a run was started: command line, time, revision, what the boards are built with.

use crate::args::remote::without_secrets;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::request::Request;
use fbuild_report::json::Origin;
use fbuild_report::schema::run::{Board, Invocation};

use crate::error::CliError;
use crate::places;

/// Returns what is known before the command line is understood.
///
/// # Errors
/// If the current directory is not known.
pub fn of_this_run() -> Result<Origin, CliError> {
    let dir = places::absolute(Utf8Path::new("."))?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let argv = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
    Ok(Origin {
        invocation: Invocation {
            argv: without_secrets(argv),
            started: since_epoch.ok().map(|time| time.as_secs()),
            revision: revision(&dir),
            dir: dir.into_string(),
        },
        boards: Vec::new(),
    })
}

/// Returns what the boards of a request are built with.
pub fn boards(request: &Request) -> Vec<Board> {
    let mut seen = std::collections::HashSet::new();
    let distinct = request
        .boards
        .iter()
        .filter(|board| seen.insert(board.fqbn()));
    let boards = distinct.map(|board| {
        let platform = board.board_platform();
        Board {
            fqbn: board.fqbn().to_string(),
            platform: format!("{}:{}", platform.vendor, platform.architecture),
            platform_version: platform.version.clone(),
            compiler: board.compiler().ok().map(Utf8PathBuf::into_string),
        }
    });
    boards.collect()
}

/// Returns the commit that is checked out at or above `dir`, read from Git's files.
pub fn revision(dir: &Utf8Path) -> Option<String> {
    let read = |path: Utf8PathBuf| fs_err::read_to_string(path).ok();
    let dot_git = dir
        .ancestors()
        .map(|dir| dir.join(".git"))
        .find(|path| path.exists())?;
    // In a linked worktree `.git` is a file that names the directory.
    let git_dir = match read(dot_git.clone()) {
        Some(text) => dot_git.parent()?.join(text.strip_prefix("gitdir:")?.trim()),
        None => dot_git,
    };
    let common_dir = match read(git_dir.join("commondir")) {
        Some(text) => git_dir.join(text.trim()),
        None => git_dir.clone(),
    };
    let head = read(git_dir.join("HEAD"))?;
    let Some(name) = head.trim().strip_prefix("ref: ") else {
        return Some(head.trim().to_owned());
    };
    let loose = read(git_dir.join(name)).or_else(|| read(common_dir.join(name)));
    if let Some(commit) = loose {
        return Some(commit.trim().to_owned());
    }
    let packed = read(common_dir.join("packed-refs"))?;
    packed
        .lines()
        .find_map(|line| line.strip_suffix(name)?.strip_suffix(' '))
        .map(str::to_owned)
}
