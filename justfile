# What CI runs on every change.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Ratios against bare system calls and other crates.
bench:
    cargo bench --workspace

# The narrated run.
tour:
    cargo run --release -- tour
