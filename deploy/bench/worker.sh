#!/usr/bin/env bash
# One worker as it runs in a fleet: beside it a control plane, and the stores that `services.sh with` has started.
#   worker.sh BIN WORK INFERENCE_PORT DASHBOARD_PORT      stays until it is told to stop
set -euo pipefail
bin=$1 work=$2 inference=$3 dashboard=$4

SLUICEGATE_MASTER_KEY=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export SLUICEGATE_MASTER_KEY SLUICEGATE_UPSTREAM__ALLOW_PRIVATE='["127.0.0.0/8"]'
export SLUICEGATE_AMQP__URL=$AMQP_URL SLUICEGATE_REDIS__URL=$REDIS_URL SLUICEGATE_ADMIN__LISTEN=127.0.0.1:0
control=(env SLUICEGATE_DATABASE__URL="$DATABASE_URL" SLUICEGATE_HTTP__LISTEN="127.0.0.1:$dashboard"
    SLUICEGATE_HTTP__PUBLIC_URL="http://127.0.0.1:$dashboard"
    SLUICEGATE_INFERENCE_URL="http://127.0.0.1:$inference/v1" "$bin/sluicegate-control-plane")
"${control[@]}" migrate
"${control[@]}" import
"${control[@]}" serve &
control_plane=$!
trap 'kill -TERM "$worker" "$control_plane" 2>/dev/null; wait' EXIT
trap 'exit 143' TERM INT
SLUICEGATE_CONTROL_PLANE_URL="http://127.0.0.1:$dashboard" SLUICEGATE_DATA_DIR="$work/worker" \
    SLUICEGATE_HTTP__LISTEN="127.0.0.1:$inference" "$bin/sluicegate-data-plane" serve &
worker=$!
wait -n
