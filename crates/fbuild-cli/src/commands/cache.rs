//! `fbuild cache`: how large it is, and making it smaller.

use fbuild_cache::{Cache, CacheError, Count, DEFAULT_MAX_SIZE, GcRequest, parse_size};

use crate::args::{CacheArgs, CacheCommand};
use crate::error::CliError;
use crate::exit::Exit;
use crate::places;
use crate::printer::{Printer, Tone};
use crate::units::{bytes, count};

/// Looks at the cache or makes it smaller. A cache that is not there is not made.
///
/// # Errors
/// If there is no place for a cache, or a size cannot be understood.
pub fn run(command: &CacheCommand, args: &CacheArgs, printer: &Printer) -> Result<Exit, CliError> {
    let dir = places::cache_dir(args)?;
    let request = match command {
        CacheCommand::Gc {
            max_size,
            keep_last_run,
        } => Some(collection(
            max_size.as_deref(),
            *keep_last_run,
            args.cache_size,
        )?),
        _ => None,
    };
    if !dir.exists() {
        printer.data(&format!(
            "there is no cache at {dir} yet; the first build makes it\n"
        ));
        return Ok(Exit::Success);
    }
    let cache = Cache::open(&dir)?;
    let problems = match (command, request) {
        (CacheCommand::Stats { format }, _) => {
            match format.is_json() {
                true => printer.json(&stats_json(&cache, args.cache_size)),
                false => printer.data(&stats(&cache, args.cache_size)),
            }
            Vec::new()
        }
        (CacheCommand::Clear, _) => clear(&cache, printer),
        (CacheCommand::Verify, _) => return Ok(verify(&cache, printer)),
        (CacheCommand::Gc { .. }, request) => gc(&cache, request.unwrap_or(UNBOUNDED), printer),
    };
    Ok(told(problems, printer))
}

const UNBOUNDED: GcRequest = GcRequest {
    max_size: Some(DEFAULT_MAX_SIZE),
    keep_last_run: false,
    budget: None,
};

/// Understands what is to be kept: without a size the limit, and with `--keep-last-run` alone exactly the last run.
fn collection(
    max_size: Option<&str>,
    keep_last_run: bool,
    limit: u64,
) -> Result<GcRequest, CliError> {
    let given = max_size.map(parse_size).transpose();
    let given = given.map_err(|error| {
        CliError::usage(error).hint("for example `fbuild cache gc --max-size 2G`")
    })?;
    let limit = (!keep_last_run).then_some(limit);
    Ok(GcRequest {
        max_size: given.or(limit),
        keep_last_run,
        budget: None,
    })
}

/// One line per kind of thing in the store, and the sum beside the limit.
fn stats(cache: &Cache, limit: u64) -> String {
    let stats = cache.stats();
    let row = |name: &str, count: Count| {
        format!(
            "{name:<16} {:>8} files {:>10}\n",
            count.files,
            bytes(count.bytes)
        )
    };
    let mut text = format!("{}\n", cache.root());
    text.push_str(&row("results", stats.entries));
    text.push_str(&row("their files", stats.blobs));
    text.push_str(&row("facts", stats.facts));
    text.push_str(&row("history", stats.history));
    text.push_str(&row("records of runs", stats.runs));
    text.push_str(&format!(
        "{} of at most {}; the last run used {}\n",
        bytes(stats.bytes()),
        bytes(limit),
        count_of(stats.used_by_last_run, "result", "results"),
    ));
    if stats.scratch > 0 {
        let what = count_of(stats.scratch, "directory", "directories");
        text.push_str(&format!("{what} of running or killed builds\n"));
    }
    text
}

fn stats_json(cache: &Cache, limit: u64) -> serde_json::Value {
    let stats = cache.stats();
    let row = |count: Count| serde_json::json!({ "files": count.files, "bytes": count.bytes });
    serde_json::json!({
        "dir": cache.root().as_str(),
        "bytes": stats.bytes(),
        "limit_bytes": limit,
        "results": row(stats.entries),
        "result_files": row(stats.blobs),
        "facts": row(stats.facts),
        "history": row(stats.history),
        "runs": row(stats.runs),
        "used_by_last_run": stats.used_by_last_run,
    })
}

fn gc(cache: &Cache, request: GcRequest, printer: &Printer) -> Vec<CacheError> {
    let report = cache.gc(request);
    let removed = match report.removed_files {
        0 => "nothing to remove".to_owned(),
        files => format!(
            "removed {}, {} in all",
            count_of(report.evicted, "result", "results"),
            count_of(files, "file", "files")
        ),
    };
    let (before, after) = (bytes(report.before), bytes(report.after));
    printer.data(&format!("{removed}: {before} before, {after} now\n"));
    report.problems
}

fn clear(cache: &Cache, printer: &Printer) -> Vec<CacheError> {
    let report = cache.clear();
    let removed = count_of(report.removed.files, "file", "files");
    let size = bytes(report.removed.bytes);
    printer.data(&format!(
        "removed {removed}, {size}, from {}\n",
        cache.root()
    ));
    if report.in_use > 0 {
        let left = count_of(report.in_use, "directory", "directories");
        printer.data(&format!("left {left} of running builds alone\n"));
    }
    report.problems
}

/// Exit status 1 says that something was damaged, although it is repaired by being gone.
fn verify(cache: &Cache, printer: &Printer) -> Exit {
    let report = cache.verify();
    for damage in &report.damaged {
        printer.status(
            Tone::Bad,
            "Removed",
            &format!("{}: {}", damage.path, damage.problem),
        );
    }
    printer.data(&format!(
        "{} and {} ({}) are sound, {} damaged\n",
        count_of(report.entries, "result", "results"),
        count_of(report.blobs, "file", "files"),
        bytes(report.bytes),
        report.damaged.len(),
    ));
    let exit = told(report.problems, printer);
    if report.damaged.is_empty() {
        exit
    } else {
        Exit::SketchFailed
    }
}

/// Says what could not be removed.
fn told(problems: Vec<CacheError>, printer: &Printer) -> Exit {
    let exit = if problems.is_empty() {
        Exit::Success
    } else {
        Exit::Usage
    };
    for problem in problems {
        let text = CliError::usage(problem).to_string();
        printer.warning(&text);
    }
    exit
}

fn count_of(number: u64, one: &str, many: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), one, many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_size_the_limit_holds_unless_only_the_last_run_is_kept() {
        let of = |size, keep| collection(size, keep, DEFAULT_MAX_SIZE).unwrap();
        assert_eq!(of(None, false).max_size, Some(DEFAULT_MAX_SIZE));
        assert_eq!(of(None, true).max_size, None);
        assert_eq!(of(Some("1G"), true).max_size, Some(1 << 30));
        assert!(of(None, true).keep_last_run);
        let error = collection(Some("lots"), false, DEFAULT_MAX_SIZE).unwrap_err();
        assert!(error.to_string().contains("`lots`") && error.hints.len() == 1);
    }
}
