//! Benchmarks of fbuild.
