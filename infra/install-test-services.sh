#!/usr/bin/env bash
# Installs what the integration tests run: MariaDB, Redis, nginx with its stream module, and Chromium with
# its headless shell, which costs half as much in the tests that can use it. Does nothing if everything is
# installed. The tests start their own processes on their own ports and files, so the packages' services
# are not started, neither now nor at the next boot.
set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin  # servers are there, and a plain user's PATH does not have it
apt_get=$(dirname "${BASH_SOURCE[0]}")/apt-get.sh

policy=/usr/sbin/policy-rc.d
saved_policy=$policy.before-chat-tests

has() { command -v "$1" >/dev/null; }

nginx_has_stream() {
    local build
    has nginx || return 1
    build=$(nginx -V 2>&1)
    [[ $build =~ --with-stream( |$) ]] || {
        [[ $build =~ --modules-path=([^ ]+) ]] && [ -e "${BASH_REMATCH[1]}/ngx_stream_module.so" ]
    }
}

find_missing() {
    packages=() services=()
    has mariadbd || { packages+=(mariadb-server); services+=(mariadb); }
    has redis-server || { packages+=(redis-server); services+=(redis-server); }
    has nginx || { packages+=(nginx); services+=(nginx); }
    has chromium || packages+=(chromium chromium-headless-shell)
    nginx_has_stream || packages+=(libnginx-mod-stream)
}

restore_policy() {
    rm -f "$policy"
    [ ! -e "$saved_policy" ] || mv "$saved_policy" "$policy"
}

# Debian's packages ask this program before they start, restart or reload any service.
forbid_service_starts() {
    trap restore_policy EXIT
    [ ! -e "$policy" ] || [ -e "$saved_policy" ] || mv "$policy" "$saved_policy"
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

install_missing() {
    export DEBIAN_FRONTEND=noninteractive
    forbid_service_starts
    "$apt_get" update
    # --no-remove: another MySQL that is already installed has to stay
    "$apt_get" install -y --no-install-recommends --no-remove "${packages[@]}"
    local service
    for service in "${services[@]}"; do
        update-rc.d "$service" disable
    done
}

find_missing
[ ${#packages[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
    echo "The tests need MariaDB, Redis, nginx with its stream module, and Chromium; missing here (Debian's names): ${packages[*]}" >&2
    exit 1
fi
install_missing </dev/null >&2
find_missing
[ ${#packages[@]} -eq 0 ] || { echo "Installed, but still not found: ${packages[*]}" >&2; exit 1; }
