#!/bin/sh
# Makes the passwords that compose.yaml asks for: docker/.env, for you alone. What is there already stays.
set -eu
cd "$(dirname "$0")"
if [ -e .env ]; then
  echo "new-passwords.sh: docker/.env is there already. The database keeps the passwords it was made with; to have new ones," >&2
  echo "  remove both: docker compose -f docker/compose.yaml down --volumes, and docker/.env" >&2
  exit 1
fi
new() { od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }
umask 077
{
  echo "POSTGRES_PASSWORD=$(new)"
  echo "APP_PASSWORD=$(new)"
  echo "ADMIN_PASSWORD=$(new)"
  echo "GRAFANA_PASSWORD=$(new)"
} >.env
echo "docker/.env has four new passwords; git and the image leave it alone"
