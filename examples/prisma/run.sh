#!/bin/sh
# Runs the workload of a real Prisma application through pgweir and checks every answer.
#
#   examples/prisma/run.sh                                   with an embedded PostgreSQL and a pgweir of its own
#   DATABASE_URL=... DIRECT_URL=... examples/prisma/run.sh   through a pgweir that runs already
#
# More variables: see the head of workload.js. Needs Node.js 20.19 or newer; downloads packages from npm, no engine.
set -eu
cd "$(dirname "$0")"

../npm-packages.sh prisma
# The query compiler is WebAssembly inside the package; without these two, generate would download an engine and phone home.
PRISMA_SCHEMA_ENGINE_BINARY=$(command -v env) # any program that exists
CHECKPOINT_DISABLE=1
export PRISMA_SCHEMA_ENGINE_BINARY CHECKPOINT_DISABLE
./node_modules/.bin/prisma generate

exec ../with-database.sh "${BACKEND_LIMIT:-5}" node workload.js
