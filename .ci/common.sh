# What the scripts share. Sourced by bash with `set -euo pipefail`, in the folder of the package.

# Says a step, so that a log can be read from its headings.
step() { printf '\n== %s\n' "$*"; }

# Says loudly what is left out.
skipped() { printf '\n!! SKIPPED: %s\n' "$*"; }

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
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# What every build needs: the C libraries.
libraries=(libsqlite3-dev libssl-dev libcurl4-openssl-dev pkg-config)
