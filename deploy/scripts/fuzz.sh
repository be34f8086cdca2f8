#!/usr/bin/env bash
# Fuzzes one target of services/protocols/fuzz with the golden recordings as seeds.
#   fuzz.sh                      lists the targets
#   fuzz.sh TARGET [SECONDS]     runs it for that long (60); findings stay in services/protocols/fuzz/artifacts
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"
fuzz=services/protocols/fuzz

targets() { basename -s .rs "$fuzz"/fuzz_targets/*.rs; }

target=${1:-}
seconds=${2:-60}
if [[ -z $target ]]; then
    targets
    exit 0
fi
[[ -e $fuzz/fuzz_targets/$target.rs ]] || die "there is no target $target; there are: $(targets | tr '\n' ' ')"
[[ $seconds =~ ^[0-9]+$ ]] || die "how many seconds? $seconds is not a number"
cargo fuzz --version >/dev/null 2>&1 ||
    die "cargo-fuzz is not installed: cargo install --locked cargo-fuzz (some minutes of building)"
command -v c++ >/dev/null || die "libFuzzer is built from source and needs a C++ compiler (Debian: g++)"

given="$state/fuzz/given" found="$state/fuzz/found/$target"
mkdir -p "$found"
step "taking seeds from the golden recordings" \
    python3 deploy/scripts/fuzz_seeds.py services/protocols/tests/golden "$given"

# The address sanitizer needs a nightly compiler and has nothing to find in code that forbids unsafe; without it the
# compiler of rust-toolchain.toml does.
cargo fuzz run --fuzz-dir "$fuzz" --sanitizer none --target-dir "$(target_dir)/fuzz" "$target" \
    "$found" "$given/seeds" -- -dict="$given/words.dict" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1
