#!/bin/bash
# For machines that cannot pull images: makes stand-ins for those that Dockerfile, compose.yaml and test.sh name, out of Debian's packages
# and a JDK 25 of this machine, and gives them their names. What is there already stays. As root; needs debootstrap and a Docker engine.
#
#   docker/stand-in-images.sh JDK_HOME
#
# To be rid of them: docker image rm debian:13-slim eclipse-temurin:25-jdk postgres:17
set -euo pipefail
docker=${DOCKER:-docker}
jdk=${1:?JDK_HOME is missing, the directory of a JDK 25}
[ -x "$jdk/bin/jlink" ] || { echo "stand-in-images.sh: no JDK in $jdk" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

missing() {
  ! "$docker" image inspect "$1" >/dev/null 2>&1 || { echo "stand-in-images.sh: $1 is there"; return 1; }
  echo "stand-in-images.sh: making $1"
}

# quietly COMMAND...: its output only if it fails
quietly() {
  "$@" >"$work/log" 2>&1 || { tail -30 "$work/log" >&2; exit 1; }
}

if missing debian:13-slim; then
  quietly debootstrap --variant=minbase trixie "$work/root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
  rm -rf "$work"/root/{usr/share/{doc,man,info,locale},var/lib/apt/lists,var/cache/apt,var/cache/debconf}/*
  tar -C "$work/root" --numeric-owner --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' -c . >"$work/root.tar"
  quietly "$docker" import --change 'CMD ["bash"]' "$work/root.tar" debian:13-slim
  rm -rf "$work/root" "$work/root.tar"
fi

if missing postgres:17; then
  mkdir "$work/postgres"
  cat >"$work/postgres/docker-entrypoint.sh" <<'EOT'
#!/bin/bash
# What the official image does, as far as it is needed here.
set -euo pipefail
export POSTGRES_USER=${POSTGRES_USER:-postgres}
case ${1:-} in -*) set -- postgres "$@" ;; esac
if [ "${1:-}" = postgres ] && [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?must be set}"
  initdb --username="$POSTGRES_USER" --pwfile=<(echo "$POSTGRES_PASSWORD") --auth-local=trust --auth-host=scram-sha-256
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  pg_ctl -w -o "-c listen_addresses=''" start
  [ "${POSTGRES_DB:-$POSTGRES_USER}" = postgres ] || createdb --username="$POSTGRES_USER" "${POSTGRES_DB:-$POSTGRES_USER}"
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ ! -e "$script" ] || bash "$script"
  done
  pg_ctl -m fast -w stop
fi
exec "$@"
EOT
  cat >"$work/postgres/Dockerfile" <<'EOT'
FROM debian:13-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-17 \
  && rm -rf /var/lib/postgresql/17 /var/lib/apt/lists/* && mkdir /docker-entrypoint-initdb.d
COPY --chmod=755 docker-entrypoint.sh /usr/local/bin/
ENV PATH=/usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
EOT
  DOCKER_BUILDKIT=1 quietly "$docker" build --network=host --tag postgres:17 "$work/postgres"
fi

if missing eclipse-temurin:25-jdk; then
  mkdir "$work/jdk"
  cp -rL "$jdk" "$work/jdk/openjdk"
  # Certificates that this machine trusts, as those of a proxy of its network: Maven and its wrapper load through it.
  cp -rL /etc/ssl/certs "$work/jdk/certs"
  cat >"$work/jdk/Dockerfile" <<'EOT'
FROM debian:13-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates curl \
  && rm -rf /var/lib/apt/lists/*
COPY certs /etc/ssl/certs
COPY openjdk /opt/java/openjdk
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["jshell"]
EOT
  DOCKER_BUILDKIT=1 quietly "$docker" build --network=host --tag eclipse-temurin:25-jdk "$work/jdk"
fi
"$docker" image ls
