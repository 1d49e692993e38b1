//! See [`fbuild_fuzz::depfile`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::depfile(bytes));
