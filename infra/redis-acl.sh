#!/bin/sh
# redis-acl.sh: prints redis.acl with passwords: the admin's and the nodes', two lines that it reads.
# Redis keeps what is printed, so the passwords themselves are not in it.
set -eu
cd "$(dirname "$0")"
read -r admin
read -r nodes
hash() { printf %s "$1" | sha256sum | cut -c-64; }
sed -e "s/SHA256-OF-THE-ADMIN-S-PASSWORD/$(hash "$admin")/" \
    -e "s/SHA256-OF-THE-NODES-PASSWORD/$(hash "$nodes")/" redis.acl
