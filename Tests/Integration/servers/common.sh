# What the scripts of this folder share. Sourced by bash with `set -euo pipefail`.
#
# Each script runs one server on loopback, for tests and benchmarks:
#
#   NAME start [DIR] [--access-key K] [--secret-key S] [--port P]
#   NAME stop DIR
#
# `start` installs what is missing from Debian's or Python's packages, starts the server on a free port, waits until it answers, and
# prints a line for each of dir, endpoint, access_key, secret_key, region: `endpoint=http://127.0.0.1:23456`. A server that runs in
# DIR already is left as it is and described again. A start that fails or is interrupted leaves nothing running.
# `stop` ends the server by its process id and succeeds when there is none; its data stay in DIR for the next start. Whoever gave DIR
# removes it.
#
# A caller that may itself be interrupted names the folder and says first what is to happen at its end:
#
#   folder=$(mktemp -d)
#   trap 'NAME stop "$folder"; rm -rf "$folder"' EXIT
#   NAME start "$folder"
#
# A script defines `install` and `launch`, and calls `main "$@"`. Both run in DIR and may use: dir, port, endpoint, access_key,
# secret_key.

. "$(dirname "${BASH_SOURCE[0]}")/../../../.ci/common.sh"

region=us-east-1
access_key=cairntestaccess
secret_key=cairntestsecret0123456789
# What is installed is kept between runs.
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cairn"

# Installs Debian packages; servers that are started at the same time take turns.
install_debian() {
    mkdir -p "$cache"
    # The lock is not handed on: a daemon that a package starts would keep it.
    { flock 9 && install_packages "$@" >&2 9>&-; } 9>"$cache/packages.lock"
}

# Makes a virtual environment with Python packages, unless it is there, and sets `environment` to its folder.
#   install_python NAME [--system-site-packages] PACKAGE…
install_python() {
    local options=()
    environment="$cache/$1"
    shift
    if [ "$1" = --system-site-packages ]; then
        options=("$1")
        shift
    fi
    install_debian python3-venv
    {
        flock 9
        if [ "$(cat "$environment/packages" 2>/dev/null)" != "$*" ]; then
            echo "Installing from Python's packages: $*" >&2
            rm -rf "$environment"
            /usr/bin/python3 -m venv "${options[@]}" "$environment" 9>&-
            "$environment/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$@" >&2 9>&-
            echo "$*" >"$environment/packages"
        fi
    } 9>"$environment.lock"
}

# A port that nobody listens on, below those that the system gives to outgoing connections.
free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

# Whether the process of that name runs. Its working folder tells it from a stranger that has got its number since.
is_running() {
    [ -s "$dir/$1.pid" ] && [ "$(readlink "/proc/$(cat "$dir/$1.pid")/cwd")" = "$dir" ]
}

# Starts a program in the foreground mode it has, apart from this terminal; its number goes to NAME.pid, what it says to NAME.log.
#   run NAME PROGRAM ARGUMENT…
run() {
    local name=$1
    shift
    (
        # Whoever started this may wait until all files it handed down are closed.
        for file in /proc/$BASHPID/fd/*; do
            file=${file##*/}
            if [ "$file" -gt 2 ]; then eval "exec $file>&-"; fi
        done
        exec setsid "$@"
    ) </dev/null >"$name.log" 2>&1 &
    echo $! >"$name.pid"
}

# How many seconds a server may take to come up.
patience=60

# Waits until a command succeeds, for that long and while the process NAME runs.
#   await NAME COMMAND ARGUMENT…
await() {
    local name=$1 end=$((SECONDS + patience))
    shift
    while is_running "$name" && [ "$SECONDS" -lt "$end" ]; do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    echo "$0: $name did not come up; the end of $dir/$name.log:" >&2
    tail -n 20 "$dir/$name.log" >&2
    exit 1
}

# Waits until the endpoint answers, whatever it says.
await_answer() {
    await "$1" curl --silent --noproxy '*' --output /dev/null --max-time 2 "$endpoint/"
}

# Ends every process of the folder: asks all of them, and kills those that are still there ten seconds later.
stop_all() {
    local name names=() end=$((SECONDS + 10))
    for name in "$dir"/*.pid; do
        name=$(basename "$name" .pid)
        if is_running "$name"; then
            names+=("$name")
            kill "$(cat "$dir/$name.pid")" || true
        fi
    done
    for name in "${names[@]}"; do
        while is_running "$name" && [ "$SECONDS" -lt "$end" ]; do sleep 0.05; done
        if is_running "$name"; then kill -KILL "$(cat "$dir/$name.pid")" || true; fi
    done
    rm -f "$dir"/*.pid
}

usage() {
    echo "usage: $0 start [DIR] [--access-key K] [--secret-key S] [--port P]" >&2
    echo "       $0 stop DIR" >&2
    exit 2
}

start() {
    dir=
    port=$(free_port)
    while [ $# -gt 0 ]; do
        case "$1" in
            --access-key) access_key=${2:?} && shift ;;
            --secret-key) secret_key=${2:?} && shift ;;
            --port) port=${2:?} && shift ;;
            -*) usage ;;
            *) if [ -n "$dir" ]; then usage; else dir=$1; fi ;;
        esac
        shift
    done
    dir=${dir:-$(mktemp -d "${TMPDIR:-/tmp}/cairn-server.XXXXXX")}
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd -P)
    cd "$dir"
    if [ -e running ] && is_running server; then
        cat running
        return
    fi
    # Also what was started last, if its number was not yet written down.
    trap 'echo "${!:-}" >last.pid; stop_all' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    # What an earlier start may have left behind, had it been killed.
    stop_all
    rm -f running
    endpoint=http://127.0.0.1:$port
    install_debian curl
    install
    launch
    printf '%s\n' "dir=$dir" "endpoint=$endpoint" "access_key=$access_key" "secret_key=$secret_key" "region=$region" >running
    trap - EXIT
    cat running
}

main() {
    case "${1:-}" in
        start) start "${@:2}" ;;
        stop)
            [ $# -eq 2 ] || usage
            if [ -d "$2" ]; then
                dir=$(cd "$2" && pwd -P)
                stop_all
            fi
            ;;
        *) usage ;;
    esac
}
