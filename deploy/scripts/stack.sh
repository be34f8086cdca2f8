#!/usr/bin/env bash
# The distributed deployment on this machine, for trying out and for tests by hand: Postgres, RabbitMQ and Redis in
# their durable profile, a mock provider, one control plane and two workers, each a process of its own.
#   stack.sh [--workers N] [--debug]      Ctrl-C stops everything; the data is thrown away
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
scripts="$repository/deploy/scripts"
cd "$repository"

workers=2
build=local
inner=0
while (($#)); do
    case "$1" in
    --workers) workers=${2:?a number} && shift ;;
    --debug) build=debug ;;
    --inner) inner=1 ;; # internal: inside `services.sh with`
    *) die "stack.sh [--workers N] [--debug]" ;;
    esac
    shift
done

if ((!inner)); then
    "$scripts/toolchain.sh" rust node python
    "$scripts/services.sh" install
    "$scripts/web.sh" build
    bins=(--bin sluicegate-control-plane --bin sluicegate-mock-provider)
    if ((workers)); then bins+=(--bin sluicegate-data-plane); fi
    options=(--workspace --locked)
    if [[ $build == local ]]; then options+=(--profile local); fi
    step "building" cargo build "${options[@]}" "${bins[@]}"
    flags=(--workers "$workers" --inner)
    if [[ $build == debug ]]; then flags+=(--debug); fi
    exec "$scripts/services.sh" with --durable "$0" "${flags[@]}"
fi

binaries="$(target_dir)/$build"
folder=$(mktemp -d "${TMPDIR:-/tmp}/sluicegate-stack.XXXXXX")
names=() pids=()

# shellcheck disable=SC2329  # called by the trap
stop() { # in the reverse order of starting: workers hand over their usage while the control plane still takes it
    local index
    trap '' INT TERM
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        kill -TERM "${pids[index]}" 2>/dev/null || continue
        say "stopping ${names[index]}"
        wait "${pids[index]}" 2>/dev/null || true
    done
    rm -rf "$folder"
}

launch() { # NAME COMMAND..
    local name=$1
    shift
    "$@" </dev/null >"$folder/$name.log" 2>&1 &
    names+=("$name")
    pids+=($!)
}

ready() { # NAME URL
    local deadline=$((SECONDS + 60)) pid=${pids[${#pids[@]} - 1]}
    until python3 "$scripts/probe.py" http "$2"; do
        if ! kill -0 "$pid" 2>/dev/null || ((SECONDS > deadline)); then
            tail -n 20 "$folder/$1.log" >&2
            die "$1 did not become ready"
        fi
        sleep 0.2
    done
    say "$1 is ready"
}

trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
set -m # every process in a group of its own, so that `stop` decides about the order

read -r dashboard control_admin provider < <(python3 "$scripts/probe.py" ports 8080 9080 9100)
first=$(python3 "$scripts/probe.py" ports 8787)
export SLUICEGATE_MASTER_KEY SLUICEGATE_LOG__FORMAT=pretty
SLUICEGATE_MASTER_KEY=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
# The mock provider listens on loopback, which connections may not name unless the operator says so.
export SLUICEGATE_UPSTREAM__ALLOW_PRIVATE='["127.0.0.0/8"]'
urls=(SLUICEGATE_AMQP__URL="$AMQP_URL" SLUICEGATE_REDIS__URL="$REDIS_URL")

launch mock-provider "$binaries/sluicegate-mock-provider" --listen "127.0.0.1:$provider"
ready mock-provider "http://127.0.0.1:$provider/v1/models"

control=(env "${urls[@]}" SLUICEGATE_DATABASE__URL="$DATABASE_URL" SLUICEGATE_WEB_DIR="$repository/web/dist"
    SLUICEGATE_INFERENCE_URL="http://127.0.0.1:$first/v1" SLUICEGATE_HTTP__PUBLIC_URL="http://127.0.0.1:$dashboard"
    SLUICEGATE_HTTP__LISTEN="127.0.0.1:$dashboard" SLUICEGATE_ADMIN__LISTEN="127.0.0.1:$control_admin"
    "$binaries/sluicegate-control-plane")
prepare() { # VERB: what has to happen before the control plane serves
    "${control[@]}" "$1" >"$folder/$1.log" 2>&1 || {
        tail -n 20 "$folder/$1.log" >&2
        die "the control plane could not $1"
    }
}
prepare migrate
prepare import # models and prices
launch control-plane "${control[@]}" serve
ready control-plane "http://127.0.0.1:$control_admin/readyz"

endpoints=()
for ((number = 1; number <= workers; number++)); do
    if ((number == 1)); then port=$first; else port=$(python3 "$scripts/probe.py" ports $((8786 + number))); fi
    admin=$(python3 "$scripts/probe.py" ports $((9086 + number)))
    launch "worker-$number" env "${urls[@]}" SLUICEGATE_CONTROL_PLANE_URL="http://127.0.0.1:$dashboard" \
        SLUICEGATE_DATA_DIR="$folder/worker-$number" SLUICEGATE_HTTP__LISTEN="127.0.0.1:$port" \
        SLUICEGATE_ADMIN__LISTEN="127.0.0.1:$admin" "$binaries/sluicegate-data-plane" serve
    ready "worker-$number" "http://127.0.0.1:$admin/readyz"
    endpoints+=("http://127.0.0.1:$port/v1")
done

cat <<READY

  dashboard      http://127.0.0.1:$dashboard
  inference      ${endpoints[*]-none}
  mock provider  http://127.0.0.1:$provider/v1 (any key)
  logs           $folder

  Ctrl-C stops everything.
READY

while true; do
    for index in "${!pids[@]}"; do
        kill -0 "${pids[index]}" 2>/dev/null || {
            tail -n 20 "$folder/${names[index]}.log" >&2
            die "${names[index]} ended"
        }
    done
    sleep 1
done
