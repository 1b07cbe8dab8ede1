#!/bin/sh
# Runs a command beside a PostgreSQL of its own, from the demo's embedded binaries, with pgweir in front of it:
#
#   examples/with-database.sh CONNECTION_LIMIT COMMAND [ARGUMENT]...
#
# The command finds DATABASE_URL (through pgweir) and DIRECT_URL (the database itself) in its environment, and its exit
# code becomes this script's. Where DIRECT_URL is set already, nothing is started. PGWEIR_PORT is the first of two ports.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
limit=$1
shift

if [ -n "${DIRECT_URL-}" ]; then
  exec "$@"
fi

log=$(mktemp)
demo=
finish() {
  if [ -n "$demo" ]; then
    kill "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
  fi
  rm -f "$log"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

port=${PGWEIR_PORT:-6442}
"$top/pgweir" demo --no-workload --connection-limit "$limit" --port "$port" --http "$((port + 1))" >"$log" 2>&1 &
demo=$!
until grep -q 'DIRECT_URL=' "$log"; do
  if ! kill -0 "$demo" 2>/dev/null; then
    cat "$log" >&2
    echo "with-database: pgweir demo did not start" >&2
    exit 1
  fi
  sleep 0.2
done
DATABASE_URL=$(sed -n 's/^ *DATABASE_URL=//p' "$log")
DIRECT_URL=$(sed -n 's/^ *DIRECT_URL=//p' "$log")
export DATABASE_URL DIRECT_URL
"$@"
