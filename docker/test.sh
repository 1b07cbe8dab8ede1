#!/bin/bash
# Builds the image and tries out what docker/README.md says of it: small, not root, on a read-only file system, ready soon, psql through
# it, TLS, within 128 MiB, SIGTERM drains. Prints the figures.
#
#   docker/test.sh                       skips, and says so, where no Docker engine answers or an image cannot be had
#   docker/test.sh --no-build            with the image pgweir:test as it is
#
# DOCKER: the client to use. DOCKER_BUILD_OPTIONS: more options of docker build, as --network=host. Linux only: the containers share this
# machine's network, on ports 7431 to 7433 of its loopback address.
set -euo pipefail
cd "$(dirname "$0")/.."
docker=${DOCKER:-docker}
image=pgweir:test
name=pgweir-test-$$
database=$name-database
password=$(od -An -v -tx1 -N16 /dev/urandom | tr -d ' \n')
url=postgresql://postgres:$password@127.0.0.1:7431/postgres
work=$(mktemp -d)
held=

skip() {
  echo "docker/test.sh: SKIPPED, nothing of the image was tested: $*"
  exit 0
}
fail() {
  echo "docker/test.sh: FAILED: $*" >&2
  "$docker" logs "$name" 2>&1 | tail -40 >&2 || true
  exit 1
}
say() { echo "docker/test.sh: $*"; }
finish() {
  set +e
  [ -z "$held" ] || kill "$held" 2>/dev/null
  "$docker" rm --force --volumes "$name" "$database" >/dev/null 2>&1
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

now() { date +%s%3N; }
container() { "$docker" exec "$name" "$@"; }
psql() { "$docker" exec --interactive --env PGPASSWORD="$password" "$database" psql -X -At -v ON_ERROR_STOP=1 "$@"; }
through() { psql "host=127.0.0.1 port=7432 user=postgres dbname=postgres ${2:-}" -c "$1"; }

# run_pgweir OPTION... -- ARGUMENT...: with a root file system that nobody can write to, and no /tmp of its own.
run_pgweir() {
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  "$docker" rm --force "$name" >/dev/null 2>&1 || true
  "$docker" run --detach --name "$name" --network host --read-only --cap-drop ALL --security-opt no-new-privileges \
    --env DATABASE_URL="$url" --env PGWEIR_LISTEN=127.0.0.1:7432 --env PGWEIR_HTTP=127.0.0.1:7433 "${options[@]}" "$image" "$@" >/dev/null
}

await_ready() {
  local waited=0
  until curl -fs --max-time 2 http://127.0.0.1:7433/health/ready >/dev/null; do
    waited=$((waited + 1))
    [ $waited -lt 3000 ] || fail "not ready within half a minute"
    [ $((waited % 100)) -ne 0 ] || [ "$("$docker" inspect --format '{{.State.Running}}' "$name")" = true ] || fail "ended before it was ready"
    sleep 0.01
  done
}

command -v "$docker" >/dev/null || skip "there is no $docker"
"$docker" version --format '{{.Server.Version}}' >"$work/version" 2>/dev/null || skip "no Docker engine answers"
say "engine $(cat "$work/version"), $("$docker" info --format '{{.Driver}}, cgroup {{.CgroupVersion}}')"

needed=(postgres:17)
if [ "${1:-}" != --no-build ]; then
  mapfile -t -O 1 needed < <(sed -n 's/^ARG [A-Z]*_IMAGE=//p' docker/Dockerfile)
fi
for one in "${needed[@]}"; do
  "$docker" image inspect "$one" >/dev/null 2>&1 || "$docker" pull --quiet "$one" >/dev/null 2>&1 \
    || skip "image $one is not here and cannot be pulled; docker/stand-in-images.sh makes one"
done

if [ "${1:-}" != --no-build ]; then
  began=$(now)
  # shellcheck disable=SC2086
  DOCKER_BUILDKIT=1 "$docker" build --progress=plain --file docker/Dockerfile --tag "$image" \
    --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" ${DOCKER_BUILD_OPTIONS:-} . >"$work/build" 2>&1 \
    || { tail -60 "$work/build" >&2; fail "the build"; }
  say "built in $((($(now) - began) / 1000)) s"
fi
base=$(sed -n 's/^ARG BASE_IMAGE=//p' docker/Dockerfile)
size() { "$docker" image inspect --format '{{.Size}}' "$1"; }
say "size $(($(size "$image") / 1000000)) MB, of it $base $(($(size "$base") / 1000000)) MB"
"$docker" run --rm --entrypoint sh "$image" -c 'cd /opt && du -sk java pgweir/*' | awk '{ printf "    %5.1f MB  %s\n", $1 * 1.024 / 1000, $2 }'

"$docker" run --detach --name "$database" --network host --env POSTGRES_PASSWORD="$password" postgres:17 \
  -p 7431 -c listen_addresses=127.0.0.1 >/dev/null
waited=0
until psql "$url" -c 'SELECT 1' >/dev/null 2>&1; do
  waited=$((waited + 1))
  [ $waited -lt 300 ] || fail "PostgreSQL does not start: $("$docker" logs "$database" 2>&1 | tail -5)"
  sleep 0.2
done

# ---- wrong input, nothing started
code=0
"$docker" run --rm "$image" >"$work/out" 2>&1 || code=$?
[ $code -eq 2 ] || fail "exit code $code without a database: $(cat "$work/out")"
say "without a database: exit code 2, $(sed -n 2p "$work/out" | cut -c1-100)"

# ---- start
times=()
ticks=()
for _ in 1 2 3 4 5; do
  began=$(now)
  run_pgweir -- run
  await_ready
  times+=($(($(now) - began)))
  ticks+=("$(container cat /proc/1/stat | awk '{ print $14 + $15 }')")
done
mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
mapfile -t ticks < <(printf '%s\n' "${ticks[@]}" | sort -n)
say "docker run to ready: ${times[2]} ms, median of 5 (${times[0]} to ${times[4]}), $((ticks[2] * 1000 / $(getconf CLK_TCK))) ms of processor time;" \
  "load average $(cut -d ' ' -f 1 /proc/loadavg) on $(nproc) processors"

# ---- process 1, its user, its files
[ "$(container cat /proc/1/comm)" = java ] || fail "process 1 is $(container cat /proc/1/comm)"
[ "$(container id -u)" = 65532 ] || fail "user $(container id -u)"
for directory in / /tmp /opt/pgweir /var/tmp; do
  ! container sh -c "echo > $directory/x" 2>/dev/null || fail "$directory can be written to"
done
container cat /proc/1/cmdline | tr '\0' '\n' >"$work/cmdline"
grep -q '^-XX:AOTCache=' "$work/cmdline" || fail "started without the AOT cache"
container grep -q '\.aot$' /proc/1/maps || fail "Java has not taken the AOT cache"
container grep -q 'libnetty_transport_native_epoll' /proc/1/maps || fail "epoll is not in use"
say "process 1 is java, user 65532, read-only root without /tmp, with AOT cache and epoll"

# ---- psql through it
[ "$(through 'SELECT 6 * 7')" = 42 ] || fail "psql through pgweir"
say "psql through pgweir: $(through "SELECT split_part(version(), ' (', 1)")"

# ---- health
waited=0
until [ "$("$docker" inspect --format '{{.State.Health.Status}}' "$name")" = healthy ]; do
  waited=$((waited + 1))
  [ $waited -lt 300 ] || fail "not healthy within 30 s: $("$docker" inspect --format '{{json .State.Health}}' "$name")"
  sleep 0.1
done
began=$(now)
[ "$(container pgweir health)" = ready ] || fail "pgweir health"
say "healthy; docker exec pgweir health takes $(($(now) - began)) ms"
container pgweir reload --pid 1 >"$work/out" 2>&1 || fail "pgweir reload: $(cat "$work/out")"
say "$(cat "$work/out")"

# ---- SIGTERM: the open transaction ends, and is committed; the idle client is told
through 'CREATE TABLE drained (id int)' >/dev/null
mkfifo "$work/in"
psql "host=127.0.0.1 port=7432 user=postgres dbname=postgres" <"$work/in" >"$work/out" 2>&1 &
held=$!
exec 3>"$work/in"
echo 'BEGIN; INSERT INTO drained VALUES (1); SELECT count(*) FROM drained;' >&3
waited=0
until grep -q '^1$' "$work/out"; do
  waited=$((waited + 1))
  [ $waited -lt 100 ] || fail "no transaction: $(cat "$work/out")"
  sleep 0.1
done
began=$(now)
"$docker" stop --time 30 "$name" >/dev/null &
stopping=$!
waited=0
until "$docker" logs "$name" 2>&1 | grep -q 'signal 15: shutting down'; do
  waited=$((waited + 1))
  [ $waited -lt 100 ] || fail "SIGTERM has not arrived"
  sleep 0.1
done
! through 'SELECT 1' >/dev/null 2>&1 || fail "a new client was taken during the shutdown"
echo 'INSERT INTO drained VALUES (2); COMMIT;' >&3
exec 3>&-
wait "$stopping"
stopped=$(($(now) - began))
wait "$held" || true
held=
code=$("$docker" inspect --format '{{.State.ExitCode}}' "$name")
[ "$code" = 0 ] || fail "exit code $code after SIGTERM"
[ "$(psql "$url" -c 'SELECT count(*) FROM drained')" = 2 ] || fail "the transaction was not committed: $(cat "$work/out")"
say "SIGTERM: no new clients, the open transaction was committed, exit code 0 after $stopped ms"

# ---- a sidecar: 128 MiB, TLS with BoringSSL, which is loaded from the image
if command -v openssl >/dev/null; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$work/key" -out "$work/crt" 2>/dev/null
  chmod 755 "$work"
  chmod 644 "$work/key" "$work/crt"
  run_pgweir --memory 128m --memory-swap 128m --volume "$work:/tls:ro" -- run --tls-cert /tls/crt --tls-key /tls/key
  await_ready
  [ "$(through 'SELECT 42' sslmode=require)" = 42 ] || fail "psql over TLS"
  container grep -q libnetty_tcnative /proc/1/maps || fail "BoringSSL is not in use"
else
  echo "no openssl here: TLS is not tried"
  run_pgweir --memory 128m --memory-swap 128m -- run
  await_ready
fi
container cat /proc/1/cmdline | tr '\0' '\n' >"$work/cmdline"
if grep -q '^-Xmx40m$' "$work/cmdline"; then
  container pgweir health >/dev/null || fail "pgweir health within 128 MiB"
  through 'SELECT count(*) FROM drained' >/dev/null || fail "psql within 128 MiB"
  [ "$("$docker" inspect --format '{{.State.OOMKilled}}' "$name")" = false ] || fail "128 MiB do not suffice"
  say "with --memory 128m the sidecar profile, $(container grep -E 'VmRSS|RssAnon' /proc/1/status | tr -s '\t\n ' ' '), and health beside it"
else
  fail "with --memory 128m pgweir does not take the sidecar profile: $(tr '\n' ' ' <"$work/cmdline")"
fi
"$docker" stop --time 30 "$name" >/dev/null
[ "$("$docker" inspect --format '{{.State.ExitCode}}' "$name")" = 0 ] || fail "exit code of the sidecar"
say "ok"
