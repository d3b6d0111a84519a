# What CI runs on every change.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# veduta beside what one would use instead: twenty minutes, best with nothing else at work. `just bench WORD`: only what has that word.
bench *ARGS:
    bench/run {{ARGS}}

# System calls and instructions of each operation, beside docs/performance.md; with strace.
costs:
    VEDUTA_SKIP_NOTHING=1 cargo test -p veduta --release --test costs

# One source in C for Linux and for Wine: every fact, line by line.
conformance:
    VEDUTA_SKIP_NOTHING=1 cargo test -p veduta-win32 --test wine -- --nocapture

# The narrated run.
tour:
    cargo run --release -- tour

# Every order of the steps of the lock and wait algorithms, in small cases: a minute or two. `just loom "" --include-ignored`: three more.
loom CASES="" *ARGS:
    RUSTFLAGS="--cfg loom" cargo test -p veduta --lib --release --target-dir target/loom loomed::{{CASES}} -- {{ARGS}}

# Everything at once, with kills, stops, forks and files cut off: ten minutes.
soak SECONDS="600":
    VEDUTA_SOAK_SECONDS={{SECONDS}} cargo test -p veduta --test soak -- --nocapture

# Many of everything; opens and listings for so long.
load SECONDS="60":
    VEDUTA_LOAD=full VEDUTA_LOAD_SECONDS={{SECONDS}} cargo test -p veduta --test load -- --nocapture --test-threads=1

# Scribbles over entries, names and pages while others work.
hostile SECONDS="30":
    VEDUTA_MUTATE_SECONDS={{SECONDS}} cargo test -p veduta --test hostile -- --nocapture mutat

# Any bytes as an entry, any text as a name, for so long each: with cargo-fuzz, on a stable compiler too.
fuzz SECONDS="180": (fuzz-one "entry" SECONDS) (fuzz-one "name" SECONDS)

[private]
fuzz-one TARGET SECONDS:
    mkdir -p target/corpus/{{TARGET}}
    RUSTC_BOOTSTRAP=1 cargo fuzz run --target-dir target/fuzz {{TARGET}} target/corpus/{{TARGET}} fuzz/seeds/{{TARGET}} -- -max_total_time={{SECONDS}} -timeout=10
