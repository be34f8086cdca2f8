# shellcheck shell=bash
# shellcheck disable=SC2154  # settings (ports, password, profile, services) come from DIR/settings
# Servers as private child processes (sourced by services.sh). Each has DIR/NAME.pid with its pid and its time of
# birth, so that a pid taken over by a stranger is never signalled, and leads its own process group.

born() { # PID: a mark that differs for every process that ever had this pid
    if [[ -r /proc/$1/stat ]]; then
        sed "s/.*) //" "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
    else
        ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '_'
    fi
}

rabbitmq_server() { # /usr/sbin/rabbitmq-server forces its own user and folders: use the plain one
    local candidate
    for candidate in /usr/lib/rabbitmq/bin /opt/homebrew/opt/rabbitmq/sbin /usr/local/opt/rabbitmq/sbin; do
        if [[ -x $candidate/rabbitmq-server ]]; then
            printf '%s\n' "$candidate/rabbitmq-server"
            return
        fi
    done
    [[ $(uname -s) == Darwin ]] && command -v rabbitmq-server
}

native_install() {
    local missing=() service
    for service in $(needed); do
        case "$service" in
        postgres) "$scripts/postgres-bin.sh" >/dev/null || missing+=(postgresql=postgresql@17) ;;
        redis) command -v redis-server >/dev/null || missing+=(redis-server=redis) ;;
        rabbitmq) [[ -n $(rabbitmq_server) ]] || missing+=(rabbitmq-server=rabbitmq) ;;
        esac
    done
    ((${#missing[@]} == 0)) || "$scripts/install-packages.sh" "${missing[@]}" || {
        say "or set DATABASE_URL, REDIS_URL and AMQP_URL to running servers, or start a docker engine"
        return 1
    }
}

account() { # PREFERRED: the unprivileged user for a server when we are root, else ourselves
    local user
    if [[ $(id -u) != 0 ]]; then
        id -un
        return
    fi
    for user in "$1" nobody; do
        if id -u "$user" >/dev/null 2>&1; then
            printf '%s\n' "$user"
            return
        fi
    done
}

as_user() { # USER COMMAND..: replaces the calling shell
    local user=$1
    shift
    [[ $(id -u) != 0 ]] || set -- setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
    exec "$@"
}

launch() { # DIR NAME USER COMMAND..: in the background; environment and folder as of the caller
    local dir=$1 name=$2 user=$3 pid
    shift 3
    (as_user "$user" "$@") </dev/null >>"$dir/$name.log" 2>&1 &
    pid=$!
    disown "$pid" 2>/dev/null || true # no job messages of bash when it is killed
    printf '%s %s\n' "$pid" "$(born "$pid")" >"$dir/$name.pid"
}

alive() { # DIR NAME
    local pid birth
    [[ -e $1/$2.pid ]] && read -r pid birth <"$1/$2.pid" && [[ $(born "$pid") == "$birth" ]]
}

halt() { # DIR NAME SIGNAL SECONDS: then KILL for the whole group
    local dir=$1 name=$2 deadline=$((SECONDS + $4)) pid
    if [[ -e $dir/$name.pid ]]; then
        read -r pid _ <"$dir/$name.pid"
        if alive "$dir" "$name"; then kill -"$3" "$pid" 2>/dev/null || true; fi
        while alive "$dir" "$name" && ((SECONDS <= deadline)); do sleep 0.05; done
        kill -KILL -- "-$pid" 2>/dev/null || true
        rm -f "$dir/$name.pid"
    fi
}

wait_for() { # DIR NAME SECONDS CHECK..
    local dir=$1 name=$2 deadline=$((SECONDS + $3))
    shift 3
    until "$@" >/dev/null 2>&1; do
        if ! alive "$dir" "$name" || ((SECONDS > deadline)); then
            say "$name is not ready; the end of its log:"
            tail -n 20 "$dir/$name.log" >&2
            return 1
        fi
        sleep 0.05
    done
}

own() { # USER PATH..
    local user=$1
    shift
    if [[ $(id -u) == 0 ]]; then chown -R "$user" "$@"; fi
}

launch_rabbitmq() { # DIR
    local dir=$1 user server
    user=$(account rabbitmq)
    server=$(rabbitmq_server)
    mkdir -p "$dir/rmq"/{mnesia,log,home}
    printf '[].\n' >"$dir/rmq/enabled_plugins"
    cat >"$dir/rmq/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp_port
default_user = sluicegate
default_pass = $password
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
log.console = false
log.file.level = warning
CONF
    chmod 700 "$dir/rmq"
    own "$user" "$dir/rmq"
    # An epmd of our own: otherwise the broker leaves a daemon on the machine-wide port behind.
    if ! alive "$dir" epmd; then
        ERL_EPMD_PORT=$epmd_port launch "$dir" epmd "$user" "$(epmd_binary)" -address 127.0.0.1 -port "$epmd_port"
    fi
    # Not in a subshell: there the server would not lead its own process group.
    launch "$dir" rabbitmq "$user" env HOME="$dir/rmq/home" LANG=C.UTF-8 \
        ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 ERL_CRASH_DUMP=/dev/null \
        RABBITMQ_NODENAME="sluicegate$amqp_port@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
        RABBITMQ_NODE_PORT="$amqp_port" RABBITMQ_DIST_PORT="$dist_port" \
        RABBITMQ_MNESIA_BASE="$dir/rmq/mnesia" RABBITMQ_LOG_BASE="$dir/rmq/log" \
        RABBITMQ_PID_FILE="$dir/rmq/pid" RABBITMQ_CONF_ENV_FILE=/dev/null \
        RABBITMQ_CONFIG_FILE="$dir/rmq/rabbitmq.conf" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$dir/rmq/enabled_plugins" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}" \
        sh -c "cd \"\$0\" && exec \"\$1\"" "$dir/rmq" "$server"
}

epmd_binary() {
    command -v epmd || find /usr/lib/erlang /opt/homebrew/opt/erlang/lib/erlang /usr/local/opt/erlang/lib/erlang \
        -name epmd -type f 2>/dev/null | head -n 1
}

# Waits until the broker serves. 180 s: measured 8 s on a quiet machine and 45 s on one with load 12.
ready_rabbitmq() { wait_for "$1" rabbitmq 180 python3 "$scripts/probe.py" amqp "$amqp_port"; }

launch_redis() { # DIR
    local dir=$1 user append=no
    user=$(account redis)
    if [[ $profile == durable ]]; then append=yes; fi
    mkdir -p "$dir/redis"
    # In a file, not in the arguments: those are for everyone on the machine to read.
    cat >"$dir/redis/redis.conf" <<CONF
bind 127.0.0.1
port $redis_port
requirepass $password
dir $dir/redis
save ""
appendonly $append
appendfsync everysec
maxmemory 512mb
maxmemory-policy noeviction
daemonize no
CONF
    chmod 700 "$dir/redis"
    own "$user" "$dir/redis"
    launch "$dir" redis "$user" redis-server "$dir/redis/redis.conf"
}

ready_redis() { PROBE_PASSWORD=$password wait_for "$1" redis 30 python3 "$scripts/probe.py" redis "$redis_port"; }

launch_postgres() { # DIR
    local dir=$1 user bin durability=()
    user=$(account postgres)
    bin=$("$scripts/postgres-bin.sh")
    if [[ ! -e $dir/pg/PG_VERSION ]]; then create_cluster "$dir" "$user" "$bin" || return 1; fi
    if [[ $profile == fast ]]; then durability=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off); fi
    launch "$dir" postgres "$user" "$bin/postgres" -D "$dir/pg" -p "$pg_port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c max_connections=300 -c shared_buffers=128MB -c max_wal_size=2GB \
        ${durability[@]+"${durability[@]}"}
}

create_cluster() { # DIR USER BIN
    local dir=$1 user=$2 bin=$3
    mkdir -p "$dir/pg"
    chmod 700 "$dir/pg"
    (umask 077 && printf '%s\n' "$password" >"$dir/pg.password")
    own "$user" "$dir/pg" "$dir/pg.password"
    # Launched like a server so that an interrupted start finds and stops it too.
    launch "$dir" initdb "$user" "$bin/initdb" -D "$dir/pg" -U sluicegate --pwfile="$dir/pg.password" \
        -A scram-sha-256 -E UTF8 --locale=C --no-sync --no-instructions
    while alive "$dir" initdb; do sleep 0.05; done
    rm -f "$dir/pg.password" "$dir/initdb.pid"
    if [[ ! -e $dir/pg/PG_VERSION ]]; then
        cat "$dir/initdb.log" >&2
        return 1
    fi
    # The single-user mode needs no client program and no running server.
    (as_user "$user" "$bin/postgres" --single -D "$dir/pg" postgres) >>"$dir/initdb.log" 2>&1 \
        <<<'CREATE DATABASE sluicegate'
}

# The server says in its pid file when it accepts connections (pg_ctl reads the same line).
postgres_says_ready() { [[ "$(sed -n 8p "$1/pg/postmaster.pid" 2>/dev/null)" == ready* ]]; }
ready_postgres() { wait_for "$1" postgres 60 postgres_says_ready "$1"; }

native_start() { # DIR: all side by side, then wait for each
    local service
    for service in $services; do "launch_$service" "$1" || return 1; done
    for service in $services; do "ready_$service" "$1" || return 1; done
}

native_stop() { # DIR
    local dir=$1 jobs=()
    halt "$dir" initdb TERM 2
    halt "$dir" rabbitmq TERM 20 & jobs+=($!)
    halt "$dir" redis TERM 5 & jobs+=($!)
    halt "$dir" postgres INT 15 & jobs+=($!)
    wait "${jobs[@]}" # by name: a bare wait would also wait for the servers themselves
    halt "$dir" epmd TERM 3
}

native_kill() { # DIR SERVICE
    local pid
    alive "$1" "$2" || die "$2 is not running"
    read -r pid _ <"$1/$2.pid"
    kill -KILL -- "-$pid" 2>/dev/null || true
    while alive "$1" "$2"; do sleep 0.05; done
    rm -f "$1/$2.pid"
}

native_halt() { # DIR SERVICE
    local signal=TERM
    # Postgres waits for its clients on TERM; INT ends their sessions first.
    if [[ $2 == postgres ]]; then signal=INT; fi
    alive "$1" "$2" || die "$2 is not running"
    halt "$1" "$2" "$signal" 20
}

native_signal() { # DIR SERVICE SIGNAL: to the whole group
    local pid
    alive "$1" "$2" || die "$2 is not running"
    read -r pid _ <"$1/$2.pid"
    kill -"$3" -- "-$pid"
}

native_pause() { native_signal "$1" "$2" STOP; }

native_resume() { native_signal "$1" "$2" CONT; }

native_revive() { # DIR SERVICE
    local deadline=$((SECONDS + 60))
    if alive "$1" "$2"; then die "$2 is running"; fi
    "launch_$2" "$1"
    until "ready_$2" "$1"; do
        # Children of a killed Postgres live on for a moment and keep the next one out.
        if alive "$1" "$2" || ((SECONDS > deadline)); then return 1; fi
        sleep 0.5
        "launch_$2" "$1"
    done
}
