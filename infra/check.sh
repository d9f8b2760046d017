#!/usr/bin/env bash
# Checks these files with the programs that will read them: promtool, systemd-analyze, nginx and, if it
# is installed, Docker Compose. `make check-infra`. Missing programs are installed (Debian's packages);
# promtool is only unpacked, since its package would start a Prometheus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
apt_get=$PWD/apt-get.sh

say() { printf '\n== %s\n' "$*"; }
has() { command -v "$1" >/dev/null; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find_promtool() {
    has promtool && return
    (
        cd "$work"
        local get=("$apt_get" download -qq -o APT::Sandbox::User=root prometheus)
        "${get[@]}" || { "$apt_get" update -qq && "${get[@]}"; }
        dpkg-deb --extract prometheus_*.deb unpacked
    )
    PATH=$PATH:$work/unpacked/usr/bin
}

find_systemd_analyze() {
    has systemd-analyze || DEBIAN_FRONTEND=noninteractive "$apt_get" install -qq -y --no-install-recommends systemd
}

check_prometheus() {
    say "Prometheus"
    promtool check config prometheus/prometheus.yml
    promtool test rules prometheus/alerts_test.yml
}

# Turns the dashboard's expressions into rules, which promtool can check.
check_grafana() {
    say "Grafana: every expression is one"
    python3 - grafana/chat.json >"$work/dashboard.yml" <<'END'
import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
rules = [
    {"record": f"panel:{number}", "expr": one.replace("$__rate_interval", "1m").replace("$node", ".*")}
    for number, one in enumerate(asked)
]
print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
END
    promtool check rules "$work/dashboard.yml"
}

check_systemd() {
    say "systemd"
    local unit
    for unit in ./systemd/*.service; do
        systemd-analyze verify "$unit"
        # 0 means that nothing is allowed, 100 everything; the units have 11
        systemd-analyze security --offline=true --threshold=15 --no-pager "$unit" | tail -1
    done
}

# The files name the certificates of the machine that they are for; here, one is made.
check_nginx() {
    say "nginx"
    openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=chat -keyout "$work/privkey.pem" \
        -out "$work/fullchain.pem" 2>/dev/null
    local name
    for name in nginx.conf nginx-tls.conf; do
        sed -e "s|/etc/ssl/chat|$work|" -e "s|/run/nginx.pid|$work/pid|" \
            -e "s|/var/log/nginx|$work|" "$name" >"$work/$name"
        nginx -t -e stderr -c "$work/$name"
    done
}

# Compose before version 2 knows everything in the files except `name`.
check_compose() {
    say "Docker Compose"
    cp -r docker "$work/docker"
    mkdir -p "$work/docker/secrets"
    local -a compose=()
    if docker compose version >/dev/null 2>&1; then
        compose=(docker compose)
    elif has docker-compose; then
        compose=(docker-compose)
        sed -i '/^name:/d' "$work/docker/compose.yaml"
    else
        echo "not checked: there is none here"
        return
    fi
    "${compose[@]}" -f "$work/docker/compose.yaml" config >/dev/null
    "${compose[@]}" -f "$work/docker/compose.yaml" -f "$work/docker/compose.tls.yaml" config >/dev/null
    echo "both files are good"
}

find_promtool
find_systemd_analyze
./install-test-services.sh
check_prometheus
check_grafana
check_systemd
check_nginx
check_compose
