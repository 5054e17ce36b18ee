#!/bin/sh
# Makes .venv from requirements.lock and installs this package into it. Called by the Makefile, from the repository.
#
#     sh tools/set_up.sh STAMP [PYTHON]
#
# STAMP is written last of all, so a set-up that was interrupted leaves none and the next one starts afresh.
set -eu

stamp=$1
wanted=${2:-python3}
venv=.venv
python=$venv/bin/python
uv=$venv/bin/uv
supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

say() { printf '%s\n' "$*" >&2; }

runs() { command -v "$1" >/dev/null 2>&1 && "$1" -c "$2" >/dev/null 2>&1; }

# The first supported Python that can make a virtual environment; Debian packs that ability apart.
find_python() {
    bare=
    for candidate in "$wanted" python3.13 python3.12 python3.11; do
        runs "$candidate" "$supported" || continue
        runs "$candidate" 'import ensurepip, venv' && { printf '%s\n' "$candidate"; return; }
        bare=${bare:-$candidate}
    done
    if [ -n "$bare" ]; then
        say "make: $bare cannot make a virtual environment: its venv and ensurepip modules are missing."
        say "      On Debian and Ubuntu: apt install python3-venv   Then call make again."
    else
        found=$("$wanted" --version 2>&1) || found="no $wanted"
        say "make: Python 3.11, 3.12 or 3.13 is needed. Found: $found."
        say "      Install one of them, or name it: make setup PYTHON=/path/to/python3.12"
    fi
    return 1
}

install_locked() {
    # pip brings uv at the version and hashes of the lock; uv then brings all the rest, several times faster than pip.
    sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ *--hash/p;}' requirements.lock >$venv/uv.txt
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r $venv/uv.txt || return 1
    rm -f $venv/uv.txt
    # The certificates of the system: behind a company's proxy those that uv ships are not enough.
    UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1} UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-120} \
        "$uv" pip sync --quiet --python "$python" --require-hashes --compile-bytecode requirements.lock
}

if [ -e "$stamp" ] && runs "$python" "$supported"; then
    say "Set-up: requirements.lock or pyproject.toml changed, bringing $venv up to date"
    rm -f "$stamp"
else
    chosen=$(find_python)
    say "Set-up: $("$chosen" --version) and the packages of requirements.lock go into $venv (once, about a minute)"
    rm -f "$stamp"
    "$chosen" -m venv --clear $venv
fi

# pip knows mirrors and certificates from its own configuration, which uv does not read.
install_locked || {
    say "Set-up: uv could not install the lock; pip tries (a few minutes)"
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --compile -r requirements.lock
}
# Not through uv or pip's build isolation: the build backend is in the lock, so nothing more is fetched.
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
"$python" -m compileall -q kpi_analysis
touch "$stamp"
say "Set-up: done"
