//! See [`fbuild_fuzz::sketch_yaml`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::sketch_yaml(bytes));
