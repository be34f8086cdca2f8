#!/usr/bin/env bash
# Private Postgres, RabbitMQ and Redis for tests and for the local stack: loopback only, free ports, random
# passwords, one throw-away folder. Nothing of them outlives the run, even when the run is killed.
#
#   services.sh with [OPTIONS] COMMAND..   start, run COMMAND with the URLs set, stop; COMMAND's exit code
#   services.sh start [OPTIONS] DIR        start and leave running; `. DIR/env` sets the URLs
#   services.sh stop DIR                   stop what `start` started and remove DIR
#   services.sh kill DIR SERVICE           kill -9 one of them (fault tests)
#   services.sh halt DIR SERVICE           ask one of them to stop, and wait until it has
#   services.sh revive DIR SERVICE         start it again on the same port over the same data
#   services.sh pause|resume DIR SERVICE   make one of them stand still, and go on
#   services.sh install [OPTIONS]          only make sure that all of them are there
#
# OPTIONS   --durable          fsync on, Redis append-only file every second (default: fast, loses data on a crash)
#           --only "A B"       a subset of: postgres redis rabbitmq
#
# COMMAND sees DATABASE_URL, REDIS_URL, AMQP_URL and SLUICEGATE_TEST_SERVICES_DIR (the DIR for kill and revive).
# (Names under SLUICEGATE_TEST_ are free for tests: settings of the processes refuse any other unknown name.)
# A URL that is already set is used as it is. Otherwise docker compose when an engine answers, else native
# binaries. SLUICEGATE_TEST_ENGINE=docker|native forces one. COMMAND has no terminal input.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
scripts=$(cd "$(dirname "$0")" && pwd)

usage() {
    sed -n '2,/^set /p' "$0" | sed '$d; s/^# \{0,1\}//' >&2
    exit 2
}

profile=fast
only="postgres redis rabbitmq"

given() { # SERVICE: is its URL set by the caller?
    case "$1" in
    postgres) [[ -n ${DATABASE_URL:-} ]] ;;
    redis) [[ -n ${REDIS_URL:-} ]] ;;
    rabbitmq) [[ -n ${AMQP_URL:-} ]] ;;
    *) usage ;;
    esac
}

needed() { # the services this run has to provide, slowest to start first
    local service
    for service in rabbitmq redis postgres; do
        if [[ " $only " == *" $service "* ]] && ! given "$service"; then printf '%s\n' "$service"; fi
    done
}

engine() { # docker or native
    if [[ -n ${SLUICEGATE_TEST_ENGINE:-} ]]; then
        printf '%s\n' "$SLUICEGATE_TEST_ENGINE"
    elif docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
        printf 'docker\n'
    else
        printf 'native\n'
    fi
}

# shellcheck source=deploy/scripts/services-native.sh
. "$scripts/services-native.sh"
# shellcheck source=deploy/scripts/services-docker.sh
. "$scripts/services-docker.sh"

install() {
    if [[ $(engine) == native ]]; then native_install; fi
}

prepare_dir() { # DIR: writes DIR/settings, read back by every later command
    local dir=$1 pg redis amqp dist epmd
    mkdir -p "$dir"
    # Children run under other uids when we are root: they must be able to pass through, not to look around.
    chmod 711 "$dir"
    read -r pg redis amqp dist epmd < <(python3 "$scripts/probe.py" free-ports 5)
    (
        umask 077
        cat >"$dir/settings" <<SETTINGS
engine=$(engine)
profile=$profile
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
services="$(needed | tr '\n' ' ')"
pg_port=$pg redis_port=$redis amqp_port=$amqp dist_port=$dist epmd_port=$epmd
SETTINGS
        : >"$dir/env"
    )
}

engine='' services='' password='' pg_port='' redis_port='' amqp_port=''

load() { # DIR: sets the variables above and the ports of the native servers
    [[ -e $1/settings ]] || die "$1 was not started by services.sh"
    # shellcheck disable=SC1091
    . "$1/settings"
}

write_env() { # DIR: the URLs of what was started
    local dir=$1 service
    printf 'export SLUICEGATE_TEST_SERVICES_DIR=%q\n' "$dir" >>"$dir/env"
    for service in $services; do
        case "$service" in
        postgres) printf 'export DATABASE_URL=postgres://sluicegate:%s@127.0.0.1:%s/sluicegate\n' "$password" "$pg_port" ;;
        redis) printf 'export REDIS_URL=redis://:%s@127.0.0.1:%s/0\n' "$password" "$redis_port" ;;
        rabbitmq) printf 'export AMQP_URL=amqp://sluicegate:%s@127.0.0.1:%s/%%2f\n' "$password" "$amqp_port" ;;
        esac >>"$dir/env"
    done
}

start() { # DIR (absolute, prepared)
    local dir=$1 since=$SECONDS
    load "$dir"
    if [[ -z ${services// /} ]]; then
        say "using the given URLs"
    else
        "${engine}_start" "$dir" || return 1
        say "${services% } ready ($engine, $profile) after $(elapsed "$since")"
    fi
    write_env "$dir"
}

stop() { # DIR
    local dir=$1 since=$SECONDS
    [[ -e $dir/settings ]] || return 0
    load "$dir"
    "${engine}_stop" "$dir"
    rm -rf "$dir"
    if [[ -n ${services// /} ]]; then say "stopped after $(elapsed "$since")"; fi
}

# Waits in its own process group for the runner to end in whatever way, then leaves nothing behind.
reap() { # RUNNER DIR
    while kill -0 "$1" 2>/dev/null && [[ -e $2/settings ]]; do sleep 0.3; done
    [[ -e $2/settings ]] || return 0
    if [[ -e $2/command.pid ]]; then kill_group "$(<"$2/command.pid")" 5; fi
    stop "$2"
}

kill_group() { # LEADER SECONDS: TERM, then KILL what is left
    local deadline=$((SECONDS + $2))
    kill -TERM -- "-$1" 2>/dev/null || return 0
    while kill -0 -- "-$1" 2>/dev/null; do
        if ((SECONDS > deadline)); then
            say "process group $1 did not end in $2 s: killed"
            kill -KILL -- "-$1" 2>/dev/null || true
            return
        fi
        sleep 0.1
    done
}

dir='' command='' # of `with`; the traps below outlive the function

with() { # COMMAND..
    local code=0
    install || return 1
    dir=$(mktemp -d "${TMPDIR:-/tmp}/sluicegate-services.XXXXXX")
    prepare_dir "$dir"
    set -m # every background job gets its own process group, out of reach of the terminal's Ctrl-C
    reap $$ "$dir" </dev/null >/dev/null 2>&1 &
    trap 'stop "$dir"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    start "$dir" || return 1
    # shellcheck disable=SC1091
    . "$dir/env"
    "$@" </dev/null &
    command=$!
    printf '%s\n' "$command" >"$dir/command.pid"
    # Long enough for a stack of processes to drain.
    trap 'kill_group "$command" 30; exit 130' INT
    trap 'kill_group "$command" 30; exit 143' TERM
    wait "$command" || code=$?
    rm -f "$dir/command.pid"
    return "$code"
}

verb=${1:-}
shift || true
while [[ ${1:-} == --* ]]; do
    case "$1" in
    --durable) profile=durable ;;
    --only) only=${2:?} && shift ;;
    *) usage ;;
    esac
    shift
done
case "$verb" in
install) install ;;
with)
    [[ -n ${1:-} ]] || usage
    with "$@"
    ;;
start)
    mkdir -p "${1:?DIR}"
    directory=$(cd "$1" && pwd)
    [[ ! -e $directory/settings ]] || die "$directory is in use: services.sh stop $directory"
    install
    prepare_dir "$directory"
    set -m
    start "$directory" || {
        stop "$directory"
        exit 1
    }
    ;;
stop) stop "${1:?DIR}" ;;
kill)
    load "${1:?DIR}"
    "${engine}_kill" "$1" "${2:?SERVICE}"
    ;;
halt | pause | resume)
    load "${1:?DIR}"
    "${engine}_$verb" "$1" "${2:?SERVICE}"
    ;;
revive)
    load "${1:?DIR}"
    set -m
    "${engine}_revive" "$1" "${2:?SERVICE}"
    ;;
*) usage ;;
esac
