# What CI runs on every change.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Ratios against bare system calls and other crates.
bench:
    cargo bench --workspace

# One source in C for Linux and for Wine: every fact, line by line.
conformance:
    VEDUTA_SKIP_NOTHING=1 cargo test -p veduta-win32 --test wine -- --nocapture

# The narrated run.
tour:
    cargo run --release -- tour

# Every order of the steps of the lock and wait algorithms, in small cases: a minute or two. `just loom "" --include-ignored`: three more.
loom CASES="" *ARGS:
    RUSTFLAGS="--cfg loom" cargo test -p veduta --lib --release --target-dir target/loom loomed::{{CASES}} -- {{ARGS}}
