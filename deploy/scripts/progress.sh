# shellcheck shell=bash
# Plain progress lines for the other scripts (sourced). Works in bash 3.2, which macOS ships.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
state="$repository/.sluicegate" # everything the scripts keep between runs; safe to delete

say() { printf '[%s] %s\n' "$(basename "$0" .sh)" "$*" >&2; }

die() {
    say "$*"
    exit 1
}

elapsed() { # SINCE (a value of $SECONDS): "7 s", "2 min 05 s"
    local took=$((SECONDS - $1))
    if ((took < 60)); then printf '%d s' "$took"; else printf '%d min %02d s' $((took / 60)) $((took % 60)); fi
}

step() { # TITLE COMMAND..: says what runs and how long it took; its exit code
    local title=$1 since=$SECONDS code=0
    shift
    say "$title ..."
    "$@" || code=$?
    if ((code == 0)); then say "$title: done in $(elapsed "$since")"; else say "$title: failed after $(elapsed "$since")"; fi
    return "$code"
}

target_dir() { printf '%s\n' "${CARGO_TARGET_DIR:-$repository/target}"; }

fingerprint() { # FILE..: one line that changes when any content or name changes
    local file
    for file in "$@"; do
        if [[ -d $file ]]; then
            find "$file" -type f \
                -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/test-results/*' \
                -exec cksum {} +
        elif [[ -e $file ]]; then
            cksum "$file"
        fi
    done | LC_ALL=C sort | cksum
}

unchanged() { # NAME FINGERPRINT: was NAME last completed with the same inputs?
    [[ -e "$state/stamps/$1" && "$(<"$state/stamps/$1")" == "$2" ]]
}

completed() { # NAME FINGERPRINT
    mkdir -p "$state/stamps"
    printf '%s\n' "$2" >"$state/stamps/$1"
}
