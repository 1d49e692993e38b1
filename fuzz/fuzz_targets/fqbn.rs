//! See [`fbuild_fuzz::fqbn`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::fqbn(bytes));
