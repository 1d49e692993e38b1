//! See [`fbuild_fuzz::cache_entry`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::cache_entry(bytes));
