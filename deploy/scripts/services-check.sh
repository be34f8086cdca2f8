#!/usr/bin/env bash
# Proves what services.sh promises about exit codes and about leaving nothing behind, with real servers.
#   services-check.sh          takes about a minute; run it after changing services*.sh
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
services="$(dirname "$0")/services.sh"
unset DATABASE_URL REDIS_URL AMQP_URL

export TMPDIR
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/services-check.XXXXXX")
chmod 711 "$TMPDIR"
passed=0 failed=0

verdict() { # TITLE EXIT_CODE
    if (($2 == 0)); then
        passed=$((passed + 1)) && say "ok: $1"
    else
        failed=$((failed + 1)) && say "FAILED: $1"
    fi
}

pids=()
remember_pids() { # of every server and of the command, while they run
    local file pid
    pids=()
    for file in "$TMPDIR"/sluicegate-services.*/*.pid; do
        read -r pid _ <"$file"
        pids+=("$pid")
    done
}

remains() { # anything of ours still running or on disk?
    local pid folder found=1
    for folder in "$TMPDIR"/sluicegate-services.*; do
        if [[ -e $folder ]]; then printf 'folder %s\n' "$folder" && found=0; fi
    done
    for pid in "${pids[@]}"; do
        if kill -0 "$pid" 2>/dev/null; then ps -o pid=,args= -p "$pid" && found=0; fi
    done
    return "$found"
}

leaves_nothing() { # TITLE SECONDS
    local deadline=$((SECONDS + $2)) code=0
    while remains >/dev/null; do
        if ((SECONDS > deadline)); then
            remains >&2 || true
            code=1
            break
        fi
        sleep 0.2
    done
    verdict "$1 leaves nothing" "$code"
}

begin() { # starts `with` around a long command and waits until the command runs; sets $runner
    rm -f "$TMPDIR/running"
    # shellcheck disable=SC2016  # expanded by the inner shell
    "$services" with bash -c 'touch "$TMPDIR/running"; sleep 300' &
    runner=$!
    while [[ ! -e $TMPDIR/running ]]; do
        kill -0 "$runner" || return 1
        sleep 0.1
    done
    remember_pids
}

code=0
"$services" with bash -c 'exit 7' || code=$?
verdict "the exit code of the command is passed on" $((code != 7))

set -m
for signal in TERM KILL; do
    begin
    kill -"$signal" "$runner"
    code=0
    wait "$runner" 2>/dev/null || code=$?
    verdict "SIG$signal ends the runner (exit $code)" $((code == 0))
    leaves_nothing "SIG$signal" 30
done

begin
kill -KILL -- "-$runner"
wait "$runner" 2>/dev/null || true
leaves_nothing "kill -9 of the whole group" 30

dir="$TMPDIR/sluicegate-services.kept"
"$services" start --durable "$dir"
for service in postgres redis rabbitmq; do
    for end in kill halt; do
        code=0
        { "$services" "$end" "$dir" "$service" && "$services" revive "$dir" "$service"; } || code=$?
        verdict "$service comes back after $end" "$code"
    done
done
answers() ( # does Redis?
    # shellcheck disable=SC1091
    . "$dir/settings"
    # shellcheck disable=SC2154
    PROBE_PASSWORD=$password timeout 2 python3 "$(dirname "$services")/probe.py" redis "$redis_port"
)
code=0
"$services" pause "$dir" redis || code=$?
! answers 2>/dev/null || code=1
"$services" resume "$dir" redis || code=$?
verdict "redis stands still and goes on" "$code"
remember_pids
"$services" stop "$dir"
leaves_nothing "stop" 5

code=0
# shellcheck disable=SC2016  # expanded by the inner shell
DATABASE_URL=postgres://given "$services" with --only "postgres" bash -c '[[ $DATABASE_URL == postgres://given ]]' || code=$?
verdict "a given URL is used as it is" "$code"

rm -rf "$TMPDIR"
printf '%d passed, %d failed\n' "$passed" "$failed"
exit $((failed > 0))
