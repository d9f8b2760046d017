#!/bin/sh
# make-secrets.sh: makes the passwords of compose.yaml's cluster, once, in secrets/ beside it.
#
# Containers read the files as users of their own, so everybody may read them. The directory keeps others
# on this machine away from them.
set -eu
cd "$(dirname "$0")"
[ ! -e secrets ] || { echo "secrets/ is there already; nothing is done" >&2; exit 1; }
umask 077
mkdir secrets.new
password() { od -An -N18 -tx1 /dev/urandom | tr -d ' \n'; }
mariadb=$(password)
printf %s "$(password)" >secrets.new/mariadb-root
printf %s "$mariadb" >secrets.new/mariadb
printf %s "mysql://chat:$mariadb@mariadb/chat" >secrets.new/store
redis_admin=$(password)
redis=$(password)
printf %s "$redis_admin" >secrets.new/redis-admin
printf %s "redis://chat:$redis@redis" >secrets.new/broker
printf '%s\n' "$redis_admin" "$redis" | ../redis-acl.sh >secrets.new/redis.acl
printf %s "$(password)" >secrets.new/grafana
chmod 444 secrets.new/*
mv secrets.new secrets
echo "made secrets/: grafana's password for admin is in secrets/grafana"
