# Everything CI runs.
ci:
    scripts/test.sh

# The named steps of it: fmt shell workflows clippy doc test torture bench.
check +steps="fmt clippy":
    scripts/test.sh {{steps}}

# Formats all code.
fmt:
    cargo fmt --all

# Damage, kills and edits for some seconds, with a seed.
torture *arguments:
    scripts/torture.sh {{arguments}}

# All examples for uno; arguments go to compile-many.
demo *arguments:
    scripts/demo.sh {{arguments}}

# The benchmark job, cold and warm, on our own examples.
bench *arguments:
    scripts/bench/run-job.sh {{arguments}}

# The oldest Rust we promise.
msrv:
    scripts/msrv.sh

# Licences, advisories and sources of the dependencies.
deny:
    cargo deny --all-features check

# What a release consists of, for this machine, into target/dist/.
dist:
    scripts/release/build.sh
