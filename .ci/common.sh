# What the scripts share. Sourced by bash with `set -euo pipefail`, in the folder of the package.

# The heading of the step that is under way, since when, and how much time of processors was used up then.
heading=
began=
worked=

# Says a step, so that a log can be read from its headings, and how long the one before took, so that the log says where time goes.
step() {
    step_end
    heading=$*
    began=$SECONDS
    worked=$(processor_time)
    printf '\n== %s\n' "$heading"
}

# Says how long the step took that is under way; and the time of processors in it, which tells work from waiting, for others on the
# machine too.
step_end() {
    if [ -n "$heading" ]; then
        printf '== %s took %d s, %d s of processors\n' "${heading%%:*}" $((SECONDS - began)) $(($(processor_time) - worked))
    fi
    heading=
}

# Seconds that all programs together worked that this script started and that have ended.
processor_time() {
    local fields
    read -r -a fields <"/proc/$$/stat"
    echo $(((fields[15] + fields[16]) / 100))
}

# The program that `within` waits for.
limited=

# Runs a program, and ends it when it takes longer than so many seconds: a step that hangs says so and fails, rather than keep all
# others waiting until somebody ends them without a word. CAIRN_DEADLINE, in seconds since 1970, is when all steps are to be over.
#   within SECONDS PROGRAM ARGUMENT…
within() {
    local limit=$1 code=0
    shift
    if [ -n "${CAIRN_DEADLINE:-}" ]; then
        local left=$((CAIRN_DEADLINE - $(date +%s)))
        if [ "$left" -lt "$limit" ]; then limit=$((left > 1 ? left : 1)); fi
    fi
    # An interrupt is what `swift test` hands on to the tests; when it is asked to terminate, they go on without it. In the background,
    # since a shell that waits for a program in the foreground heeds no signal; and with interrupts, which a shell turns off there.
    timeout --signal INT --kill-after 20 "$limit" env --default-signal=INT,QUIT "$@" &
    limited=$!
    wait "$limited" || code=$?
    limited=
    case "$code" in
        124 | 137) printf '\n!! TIMEOUT: "%s" was ended after %d s: %s\n' "$heading" "$limit" "$*" >&2 ;;
        0) ;;
        *) printf '\n!! FAILED: "%s" after %d s, with status %d: %s\n' "$heading" $((SECONDS - began)) "$code" "$*" >&2 ;;
    esac
    return "$code"
}

# Ends what `within` waits for. For the end of a script, which may be interrupted.
end_limited() {
    if [ -n "$limited" ]; then
        kill -INT "$limited" || true
        wait "$limited" || true
        limited=
    fi
}

# Says loudly what is left out.
skipped() { printf '\n!! SKIPPED: %s\n' "$*"; }

# A folder in memory that `temporary_in_memory` made.
in_memory=

# From here on temporary files are kept in memory, if there is room: tests flush thousands of small files to the disk, and would wait for it
# most of the time. Who sets TMPDIR chooses. `remove_temporary` is for the end of the script.
temporary_in_memory() {
    if [ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ]; then return; fi
    local room=$((8 << 20)) # in KiB
    if [ "$(df --output=avail /dev/shm | tail -1)" -lt $room ] ||
        [ "$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)" -lt $room ]; then return; fi
    in_memory=$(mktemp -d /dev/shm/cairn.XXXXXX)
    export TMPDIR=$in_memory
}

remove_temporary() {
    if [ -n "$in_memory" ]; then rm -rf "$in_memory"; fi
}

# Stops unless a Swift toolchain is there.
need_swift() {
    if ! command -v swift >/dev/null; then
        echo "No Swift toolchain was found. Install Swift 6.3 or later (https://www.swift.org/install) and put it on the PATH." >&2
        exit 2
    fi
}

# Installs those of the given Debian packages that are missing, and says which.
install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        echo "Installed already: $*"
        return
    fi
    echo "Installing: ${missing[*]}"
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then sudo=(sudo); fi
    # A mirror that does not answer is not waited for all day.
    "${sudo[@]}" timeout 600 env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    "${sudo[@]}" timeout 900 env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Options of every build of tests and examples. With other ones all of it would be built again.
strict=(-Xswiftc -warnings-as-errors)

# What every build needs: the C libraries.
libraries=(libsqlite3-dev libssl-dev libcurl4-openssl-dev pkg-config)
