#!/bin/bash
# Run once by the postgres image, when it makes the database: a role for the application, which is no superuser.
set -euo pipefail
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 --set password="$APP_PASSWORD" <<'SQL'
CREATE ROLE app LOGIN PASSWORD :'password';
CREATE DATABASE shop OWNER app;
SQL
