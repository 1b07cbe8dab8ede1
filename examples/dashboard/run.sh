#!/bin/sh
# The dashboard in a headless Chromium, against figures that a real load has caused; see README.md.
#
#   examples/dashboard/run.sh
#
# Needs Node.js 20, psql and Chromium (or what CHROMIUM names). Without Chromium it says so, and is no failure.
set -eu
cd "$(dirname "$0")"

if ! node -e 'process.exit(require("./browser").findBrowser() ? 0 : 1)'; then
  echo "dashboard: SKIPPED, THE PAGE HAS NOT BEEN LOOKED AT: there is no Chromium (apt-get install chromium, or set CHROMIUM)" >&2
  exit 0
fi
PGWEIR_PORT=${PGWEIR_PORT:-6492}
export PGWEIR_PORT
exec ../with-database.sh 2 node check.js
