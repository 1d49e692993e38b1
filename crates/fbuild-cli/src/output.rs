//! Where firmware and logs go, and where neither they nor the cache may be: in source trees.

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::output_dir;
use fbuild_build::request::Request;
use fbuild_model::Digest;
use fbuild_scan::library::containing_library;

use crate::args::{BuildArgs, CacheArgs};
use crate::error::CliError;
use crate::places;

/// The output directory unless another one is given or the current directory belongs to a source tree.
pub const DEFAULT: &str = ".fbuild";

/// Marks a directory as one that can be made again; the first line is that of the cache directory tagging specification.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55
# Made by fbuild: firmware and logs that can be built again.
";

/// Returns the output directory: as given, `.fbuild`, or in a sketch or library a directory in the user's cache directory.
///
/// # Errors
/// If there is no home directory to put it in, or `.fbuild` is a symbolic link: a repository may have brought it, while a link that is given is the
/// user's choice.
pub fn dir(args: &BuildArgs, request: &Request) -> Result<Utf8PathBuf, CliError> {
    if let Some(dir) = &args.output_dir {
        return places::absolute(dir);
    }
    match source_tree(&request.cwd, request) {
        None => {
            let dir = request.cwd.join(DEFAULT);
            if dir.is_symlink() {
                return Err(CliError::usage(anyhow!(
                    "the output directory `{dir}` is a symbolic link, and a run would write and delete files behind it"
                ))
                .hint("remove the link, or name the directory with --output-dir"));
            }
            Ok(dir)
        }
        Some(_) => in_caches(&request.cwd),
    }
}

/// The directory for a current directory in which nothing may be written; the digest keeps two of one name apart.
fn in_caches(cwd: &Utf8Path) -> Result<Utf8PathBuf, CliError> {
    let caches =
        places::user_caches().map_err(|error| error.hint("name a directory with --output-dir"))?;
    let name = cwd.file_name().unwrap_or("root");
    let digest = Digest::of(cwd.as_str().as_bytes()).short();
    Ok(caches
        .join("fbuild-output")
        .join(format!("{name}-{digest}")))
}

/// Refuses an output directory or a cache in a sketch or library, where the next build would find generated files among the sources.
///
/// # Errors
/// If one of them is in a source tree.
pub fn check(args: &BuildArgs, request: &Request, output: &Utf8Path) -> Result<(), CliError> {
    if let Some((kind, tree)) = source_tree(output, request) {
        return Err(CliError::usage(anyhow!(
            "the output directory `{output}` is in the {kind} `{tree}`"
        ))
        .hint("choose another one with --output-dir, or leave it out in a sketch or library"));
    }
    if !(args.no_cache || args.clean) {
        cache_dir(&args.what.cache, request)?;
    }
    Ok(())
}

/// Returns the cache's directory for a command that works on these sketches.
///
/// # Errors
/// If it is in a sketch or library, or as [`places::cache_dir`].
pub fn cache_dir(args: &CacheArgs, request: &Request) -> Result<Utf8PathBuf, CliError> {
    let cache = places::cache_dir(args)?;
    match source_tree(&cache, request) {
        None => Ok(cache),
        Some((kind, tree)) => Err(CliError::usage(anyhow!(
            "the cache `{cache}` is in the {kind} `{tree}`"
        ))
        .hint("choose another directory with --cache-dir")),
    }
}

/// Returns the cache's directory for a command that only inspects: `None` if there is no place for one, which such a command does not need.
///
/// # Errors
/// If it is in a sketch or library, or a directory in it is a symbolic link.
pub fn inspected_cache_dir(
    args: &CacheArgs,
    request: &Request,
) -> Result<Option<Utf8PathBuf>, CliError> {
    if args.cache_dir.is_none() && places::user_caches().is_err() {
        return Ok(None);
    }
    cache_dir(args, request).map(Some)
}

/// Refuses symbolic links in place of directories that a run uses.
///
/// # Errors
/// If there is one.
pub fn refuse_links(request: &Request) -> Result<(), CliError> {
    output_dir::refuse_links(request).map_err(|error| {
        CliError::usage(error).hint("remove the link, or move what is behind it here")
    })
}

fn source_tree(dir: &Utf8Path, request: &Request) -> Option<(&'static str, Utf8PathBuf)> {
    let real = existing(dir);
    let sketch = request
        .sketches
        .iter()
        .find(|sketch| real.starts_with(&sketch.dir));
    match sketch {
        Some(sketch) => Some(("sketch", sketch.dir.clone())),
        None => containing_library(&real).map(|library| ("library", library)),
    }
}

/// Resolves symbolic links in the part of a path that exists.
fn existing(dir: &Utf8Path) -> Utf8PathBuf {
    for ancestor in dir.ancestors() {
        if let (Ok(real), Ok(rest)) = (ancestor.canonicalize_utf8(), dir.strip_prefix(ancestor)) {
            return real.join(rest);
        }
    }
    dir.to_owned()
}

/// Marks a new or empty output directory, so that git and backups ignore it. A directory with other content is left as it is.
///
/// # Errors
/// If the directory cannot be made or written to.
pub fn mark(dir: &Utf8Path) -> Result<(), CliError> {
    fs_err::create_dir_all(dir)?;
    if fs_err::read_dir(dir)?.next().is_none() {
        fs_err::write(dir.join("CACHEDIR.TAG"), TAG)?;
        fs_err::write(dir.join(".gitignore"), "*\n")?;
    }
    Ok(())
}

/// Deletes an output directory that [`mark`] has marked; any other is left, since what is in it may not be ours.
///
/// # Errors
/// If it is not marked, or something in it cannot be deleted.
pub fn clean(dir: &Utf8Path) -> Result<(), CliError> {
    if !dir.exists() {
        return Ok(());
    }
    let tag = fs_err::read_to_string(dir.join("CACHEDIR.TAG")).unwrap_or_default();
    let is_link = dir.is_symlink();
    if tag != TAG || is_link {
        return Err(CliError::usage(anyhow!(
            "--clean: `{dir}` was not made by fbuild and is not deleted"
        ))
        .hint("delete it yourself, or build with --no-cache"));
    }
    Ok(fs_err::remove_dir_all(dir)?)
}
