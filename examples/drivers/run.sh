#!/bin/sh
# Real client libraries through pool timeouts, statement timeouts and lost backends; see README.md.
#
#   examples/drivers/run.sh                                      all
#   CLIENTS=drizzle SCENARIO=kills examples/drivers/run.sh       one client, one scenario
#
# Needs Node.js 20.19 or newer; downloads packages from npm, no engine.
set -eu
cd "$(dirname "$0")"

../npm-packages.sh drivers
# The query compiler is WebAssembly inside the package; without these, generate would download an engine and phone home.
PRISMA_SCHEMA_ENGINE_BINARY=$(command -v env) # any program that exists
PRISMA_QUERY_ENGINE_LIBRARY=$PRISMA_SCHEMA_ENGINE_BINARY
CHECKPOINT_DISABLE=1
PRISMA_HIDE_UPDATE_MESSAGE=1
export PRISMA_SCHEMA_ENGINE_BINARY PRISMA_QUERY_ENGINE_LIBRARY CHECKPOINT_DISABLE PRISMA_HIDE_UPDATE_MESSAGE
for version in 6.19 7.8 7.10; do
  (cd "prisma-$version" && npx --no-install prisma generate >/dev/null)
done

exec ../with-database.sh 1 node matrix.js
