//! See [`fbuild_fuzz::preprocess`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::preprocess(bytes));
