#!/bin/sh
# Runs the workload of a real Prisma application through pgweir and checks every answer.
#
#   examples/prisma/run.sh                                   with an embedded PostgreSQL and a pgweir of its own
#   DATABASE_URL=... DIRECT_URL=... examples/prisma/run.sh   through a pgweir that runs already
#
# More variables: see the head of workload.js. Needs Node.js 20.19 or newer; downloads packages from npm, no engine.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cd "$here"

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
# The query compiler is WebAssembly inside the package; without these two, generate would download an engine and phone home.
PRISMA_SCHEMA_ENGINE_BINARY=$(command -v env) # any program that exists
CHECKPOINT_DISABLE=1
export PRISMA_SCHEMA_ENGINE_BINARY CHECKPOINT_DISABLE
./node_modules/.bin/prisma generate

if [ -n "${DIRECT_URL-}" ]; then
  exec node workload.js
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
"$top/pgweir" demo --no-workload --connection-limit "${BACKEND_LIMIT:-5}" --port "$port" --http "$((port + 1))" >"$log" 2>&1 &
demo=$!
until grep -q 'DIRECT_URL=' "$log"; do
  if ! kill -0 "$demo" 2>/dev/null; then
    cat "$log" >&2
    echo "prisma: pgweir demo did not start" >&2
    exit 1
  fi
  sleep 0.2
done
DATABASE_URL=$(sed -n 's/^ *DATABASE_URL=//p' "$log")
DIRECT_URL=$(sed -n 's/^ *DIRECT_URL=//p' "$log")
export DATABASE_URL DIRECT_URL
node workload.js
