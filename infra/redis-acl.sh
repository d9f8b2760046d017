#!/bin/sh
# redis-acl.sh: reads two lines, the admin's password and the nodes', and prints redis.acl for them.
# Redis keeps what is printed, so it has hashes instead of the passwords themselves.
set -eu
cd "$(dirname "$0")"
read -r admin
read -r nodes
hash() { printf %s "$1" | sha256sum | cut -c-64; }
sed -e "s/SHA256-OF-THE-ADMIN-S-PASSWORD/$(hash "$admin")/" \
    -e "s/SHA256-OF-THE-NODES-PASSWORD/$(hash "$nodes")/" redis.acl
