//! Permission tests where everything runs as root.

use std::thread;

/// Runs `test` with the rights of an ordinary user: file permissions apply to it and to its children, also where the user is root.
///
/// Root keeps its user number, and so its own files, and loses the capabilities that override permissions. They belong to a thread, so no
/// other test is concerned.
///
/// # Panics
/// If `test` does, or if the capabilities cannot be dropped.
pub fn without_root<T: Send>(test: impl FnOnce() -> T + Send) -> T {
    let run = || {
        drop_overrides();
        test()
    };
    // The new thread has the test's name, for messages.
    let name = thread::current().name().unwrap_or("test").to_owned();
    thread::scope(|scope| {
        thread::Builder::new()
            .name(name)
            .spawn_scoped(scope, run)
            .expect("start a thread")
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Drops what lets root read and write every file, in this thread and for all that it starts.
#[cfg(target_os = "linux")]
fn drop_overrides() {
    use rustix::thread::{
        CapabilitySet, capabilities, remove_capability_from_bounding_set, set_capabilities,
    };
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let overrides = [CapabilitySet::DAC_OVERRIDE, CapabilitySet::DAC_READ_SEARCH];
    for one in overrides {
        // A program that root starts gets all capabilities of the bounding set back.
        remove_capability_from_bounding_set(one).expect("drop from the bounding set");
    }
    let mut own = capabilities(None).expect("read the capabilities");
    for one in overrides {
        own.effective.remove(one);
        own.permitted.remove(one);
        own.inheritable.remove(one);
    }
    set_capabilities(None, own).expect("drop capabilities");
}

/// Other systems have no capabilities; their tests run as an ordinary user.
#[cfg(not(target_os = "linux"))]
fn drop_overrides() {
    assert!(
        !nix::unistd::geteuid().is_root(),
        "permission tests need an ordinary user"
    );
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn permissions_apply_to_the_test_and_its_children() {
        let dir = tempfile::tempdir().expect("make a temporary directory");
        let file = dir.path().join("secret");
        fs_err::write(&file, "x").expect("write");
        fs_err::set_permissions(&file, std::fs::Permissions::from_mode(0o000))
            .expect("change mode");
        let is_readable = || {
            let child = Command::new("cat").arg(&file).output().expect("run cat");
            (std::fs::read(&file).is_ok(), child.status.success())
        };
        assert_eq!(without_root(is_readable), (false, false));
        let is_root = nix::unistd::geteuid().is_root();
        assert_eq!(
            is_readable(),
            (is_root, is_root),
            "other threads keep their rights"
        );
    }
}
