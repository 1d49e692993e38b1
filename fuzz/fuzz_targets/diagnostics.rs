//! See [`fbuild_fuzz::diagnostics`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::diagnostics(bytes));
