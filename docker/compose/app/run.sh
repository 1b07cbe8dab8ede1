#!/bin/bash
# The sample application: what a course platform sends, by pgbench, from many clients, for as long as it is left alone. It sees nothing but
# pgweir (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE).
set -euo pipefail
cd "$(dirname "$0")"
until psql --set ON_ERROR_STOP=1 --quiet --file tables.sql; do
  echo "the tables could not be made; once more in 2 seconds"
  sleep 2
done
# Simple protocol: pgbench prepares one client after the other, which with more clients than backends would have it wait for itself.
while :; do
  pgbench --no-vacuum --protocol=simple --client="${CLIENTS:-60}" --jobs=2 --time=3600 --progress=30 \
    --file=session.sql@6 --file=courses.sql@3 --file=terms.sql@2 --file=report.sql@1 || sleep 2
done
