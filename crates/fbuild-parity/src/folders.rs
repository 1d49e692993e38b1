//! The folders in which the reference works, with links to the libraries that it may use.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_scan::library::Location;
use fbuild_scan::library::index::Root;
use fbuild_scan::sketch::find::Requested;

use crate::error::ParityError;

/// Empties the reference's folder and returns the folders of libraries for it.
///
/// A reference that knows no single libraries gets a folder with links to them. We then take them by the same links: `__FILE__` carries a
/// library's path into the bytes.
pub(crate) fn prepare(root: &Utf8Path, own: &mut [Root]) -> Result<Vec<Root>, ParityError> {
    let linked = root.join("libraries");
    let folder = |source: std::io::Error| ParityError::Folder {
        path: root.to_owned(),
        source,
    };
    if root.exists() {
        fs_err::remove_dir_all(root).map_err(folder)?;
    }
    fs_err::create_dir_all(&linked).map_err(folder)?;
    let mut theirs: Vec<Root> = own
        .iter()
        .filter(|root| !root.is_library() && root.dir().is_dir())
        .cloned()
        .collect();
    for single in own.iter_mut().filter(|root| root.is_library()) {
        let link = linked.join(single.dir().file_name().unwrap_or("library"));
        // Of two single libraries of one name the first counts, here and there.
        if !link.exists() && single.dir().is_dir() {
            std::os::unix::fs::symlink(single.dir(), &link).map_err(folder)?;
            *single = Root::library(link);
        }
    }
    theirs.push(Root::folder(linked, Location::User));
    Ok(theirs)
}

/// Gives each sketch that a library contains a folder of libraries for the reference, in which this one is alone, and returns it by sketch.
///
/// The sketch itself takes the library by the link in that folder, as in [`prepare`].
pub(crate) fn link_enclosing(
    root: &Utf8Path,
    sketches: &mut [Requested],
) -> Result<Vec<Option<Root>>, ParityError> {
    let mut folders = Vec::new();
    let mut links: HashMap<Utf8PathBuf, Utf8PathBuf> = HashMap::new();
    for sketch in sketches {
        let Some(library) = &sketch.library else {
            folders.push(None);
            continue;
        };
        let link = match links.get(library) {
            Some(link) => link.clone(),
            None => {
                let folder = root.join("enclosing").join(links.len().to_string());
                let link = folder.join(library.file_name().unwrap_or("library"));
                let made = fs_err::create_dir_all(&folder)
                    .and_then(|()| fs_err::os::unix::fs::symlink(library, &link));
                made.map_err(|source| ParityError::Folder {
                    path: folder,
                    source,
                })?;
                links.insert(library.clone(), link.clone());
                link
            }
        };
        let folder = link.parent().unwrap_or(root);
        folders.push(Some(Root::folder(folder, Location::User)));
        sketch.library = Some(link);
    }
    Ok(folders)
}
