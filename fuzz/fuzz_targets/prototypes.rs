//! See [`fbuild_fuzz::prototypes`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fbuild_fuzz::prototypes(bytes));
