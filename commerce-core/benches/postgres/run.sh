#!/bin/sh
# Measures orders per second on PostgreSQL with its default durability and on the engine, in one run. PostgreSQL has the
# same tables and work: one PL/pgSQL function per order, and statement by statement, 8 clients, the best of three.
#   commerce-core/benches/postgres/run.sh [SECONDS]
# It installs nothing. The server lives in a temporary folder, which is removed at the end.
set -eu

seconds=${1:-10}
here=$(cd "$(dirname "$0")" && pwd)
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(pg_config --bindir 2>/dev/null || true)
for tool in initdb pg_ctl psql pgbench; do
    if [ ! -x "$bin/$tool" ]; then
        echo "$tool is missing; install PostgreSQL first (Debian: apt-get install postgresql)" >&2
        exit 1
    fi
done

work=$(mktemp -d)
as=''
if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    as='runuser -u postgres --'
    chown postgres "$work"
fi
trap '$as "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT INT TERM
cp "$here"/*.pgbench "$here/schema.sql" "$work"
chmod -R a+rX "$work"
cd "$work"
$as "$bin/initdb" -D "$work/data" -A trust -U shop --no-instructions >"$work/initdb.log"
$as "$bin/pg_ctl" -D "$work/data" -w -o "-k $work -c listen_addresses=''" -l "$work/data/log" start >/dev/null
export PGHOST="$work" PGUSER=shop PGDATABASE=postgres
"$bin/psql" -q -v ON_ERROR_STOP=1 -f schema.sql

best() {
    for _ in 1 2 3; do
        "$bin/pgbench" -n -M prepared -c 8 -j 2 -T "$seconds" -f "$1" 2>"$work/errors" || cat "$work/errors" >&2
    done | sed -n 's/^tps = \([0-9]*\).*/\1/p' | sort -n | tail -n 1
}

function=$(best function.pgbench)
statements=$(best statements.pgbench)
"$bin/psql" -Atq -c "SELECT 'paid and written: ' || (SELECT count(*) FROM orders) || ' orders, '
    || (SELECT 10000 * 1000000000000 - sum(balance) = (SELECT sum(total) FROM orders) FROM wallets)::text"
$as "$bin/pg_ctl" -D "$work/data" -m fast stop >/dev/null

cd "$here/../../.."
cargo bench -q -p commerce-core --bench orders -- --seconds "$seconds" --only 'engine, 64 callers' --json "$work/engine.json"
rate() {
    # The rate of the case whose name is given.
    sed "s/.*\"case\":\"$1\",\"per_second\":\([0-9]*\).*/\1/" "$work/engine.json"
}
threads=$(rate 'engine, 64 callers (threads)')
ratio() {
    awk "BEGIN { printf \"%.1f\", $threads / $1 }"
}
echo
echo '| case | orders/s | engine, 64 callers, as a multiple |'
echo '|---|--:|--:|'
echo "| PostgreSQL, one function per order, 8 clients | $function | $(ratio "$function") |"
echo "| PostgreSQL, statement by statement, 8 clients | $statements | $(ratio "$statements") |"
