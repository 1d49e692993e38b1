//! Address space randomisation of children.

/// Switches randomisation off for what this thread starts from now on. Returns whether the system allows that.
#[cfg(target_os = "linux")]
pub(crate) fn fix() -> bool {
    use nix::sys::personality::{self, Persona};
    let Ok(current) = personality::get() else {
        return false;
    };
    personality::set(current | Persona::ADDR_NO_RANDOMIZE).is_ok()
        && personality::get().is_ok_and(|now| now.contains(Persona::ADDR_NO_RANDOMIZE))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn fix() -> bool {
    false
}
