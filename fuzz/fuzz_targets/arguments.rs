//! See [`fbuild_fuzz::arguments`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::arguments(bytes));
