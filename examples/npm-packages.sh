#!/bin/sh
# Loads the npm packages of an example (the folder's name), unless those of its lock file are there already.
set -eu
cd "$(dirname "$0")/$1"
installed=node_modules/.installed-lock.json
if ! cmp -s package-lock.json "$installed"; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json "$installed"
fi
