#!/usr/bin/env bash
# apt-get that waits while another process installs something, for at most APT_PATIENCE seconds (300).
# Its own option, DPkg::Lock::Timeout, covers only dpkg's lock. If the lock on the lists (`apt-get
# update`) or on the archives is taken, apt-get fails at once, so this script retries.
set -euo pipefail

patience=${APT_PATIENCE:-300}
pause=2 # seconds
said=$(mktemp)
trap 'rm -f "$said"' EXIT

seconds_left() { echo $((SECONDS < patience ? patience - SECONDS : 0)); }

run() { LC_ALL=C apt-get -o "DPkg::Lock::Timeout=$(seconds_left)" "$@" 2>&1 | tee "$said"; }

was_locked() { grep -Eq 'Could not get lock|Unable to (lock|acquire)' "$said"; }

until run "$@"; do
    status=$?
    was_locked || exit "$status"
    if [ "$(seconds_left)" -eq 0 ]; then
        echo "apt-get $1: another process has had its lock for $patience s; nothing is done" >&2
        exit "$status"
    fi
    sleep "$pause"
done
