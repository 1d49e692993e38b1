//! See [`fbuild_fuzz::filters`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::filters(bytes));
