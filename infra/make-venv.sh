#!/bin/sh
# make-venv.sh DIRECTORY: makes an empty virtual environment there, replacing any other.
# PYTHON may name the interpreter; otherwise the script looks for one that fits.
set -eu

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3 python}; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is needed, and none was found. On Debian and Ubuntu: apt-get install python3 python3-venv" >&2
    exit 1
}

# Debian and Ubuntu have ensurepip, without which `python -m venv` fails, in a separate package.
install_ensurepip() {
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "$1 has no ensurepip, so it cannot make virtual environments. On Debian and Ubuntu: apt-get install $package" >&2
        exit 1
    fi
    echo "Installing $package, without which $1 cannot make virtual environments"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$package" </dev/null
}

# `python -m venv --clear` would empty the directory that others may be using.
if [ -L "$1" ]; then
    echo "$1 is a symbolic link. Replace it with an environment of its own: rm $1" >&2
    exit 1
fi
python=$(find_python)
"$python" -c 'import ensurepip' 2>/dev/null || install_ensurepip "$python"
echo "Making $1 with $("$python" --version)"
"$python" -m venv --clear "$1"
