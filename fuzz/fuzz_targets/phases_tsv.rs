//! See [`fbuild_fuzz::phases_tsv`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::phases_tsv(bytes));
