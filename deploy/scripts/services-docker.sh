# shellcheck shell=bash
# shellcheck disable=SC2154  # settings (ports, password, profile, services) come from DIR/settings
# The same servers as containers of deploy/compose/services.yml (sourced by services.sh).

compose() { # DIR ARGUMENTS..
    local dir=$1 fsync=on append=yes
    shift
    if [[ $profile == fast ]]; then
        fsync=off
        append=no
    fi
    SERVICES_PASSWORD=$password SERVICES_PG_PORT=$pg_port SERVICES_REDIS_PORT=$redis_port \
        SERVICES_AMQP_PORT=$amqp_port SERVICES_FSYNC=$fsync SERVICES_APPEND=$append \
        docker compose --project-name "sluicegate-$pg_port" --file "$repository/deploy/compose/services.yml" "$@" \
        >>"$dir/docker.log" 2>&1 || {
        tail -n 20 "$dir/docker.log" >&2
        return 1
    }
}

docker_start() { # DIR
    # shellcheck disable=SC2086  # a list of words
    compose "$1" up --detach --wait $services
}

docker_stop() { # DIR
    if [[ -n ${services// /} ]]; then compose "$1" down --volumes --timeout 10; fi
}

docker_kill() { compose "$1" kill "$2"; }

docker_halt() { compose "$1" stop --timeout 20 "$2"; }

docker_pause() { compose "$1" pause "$2"; }

docker_resume() { compose "$1" unpause "$2"; }

docker_revive() { compose "$1" up --detach --wait "$2"; }
