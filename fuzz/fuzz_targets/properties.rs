//! See [`fbuild_fuzz::properties`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::properties(bytes));
