"""What is compared, and the PostgreSQL behind it. Everything lives in one temporary directory and ends with Bench."""
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

USER = "postgres"
DATABASE = "postgres"
SCRAM_USER, SCRAM_PASSWORD = "bench", "bench-password"
MOST_CLIENTS = 10_100
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def installed(program):
    """Path of a program; installed from Debian if it is missing and we may."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"compare.py: {program} is missing: install it, or leave it out with --contenders")
    # RUNLEVEL=1 keeps the package from starting a service.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", program]):
        subprocess.run(["apt-get", *command], check=True, env=environment, stdout=subprocess.DEVNULL)
    return f"/usr/sbin/{program}"


class Bench:
    """A PostgreSQL with pgbench's tables, and the user that servers run as (root may not be it)."""

    def __init__(self, scale):
        self.scale = scale
        self.bin = self._bin()
        self.port = free_port()

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="pgweir-bench-")
        os.chmod(self.directory, 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.directory, USER, USER)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        data = os.path.join(self.directory, "data")
        if os.path.exists(os.path.join(data, "postmaster.pid")):
            subprocess.run(self.unprivileged([self.bin + "/pg_ctl", "-D", data, "-m", "fast", "-w", "stop"]),
                           stdout=subprocess.DEVNULL)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self):
        data = os.path.join(self.directory, "data")
        options = (f"-p {self.port} -c max_connections=1200 -c fsync=off -c shared_buffers=256MB"
                   " -c unix_socket_directories='' -c listen_addresses=127.0.0.1")

        def run(*command):
            subprocess.run(self.unprivileged(list(command)), check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)

        print(f"starting {self.version()} and filling it (pgbench -i -s {self.scale})", flush=True)
        run(self.bin + "/initdb", "-D", data, "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C")
        hba = self.file("hba", f"host all {SCRAM_USER} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
        options += f" -c hba_file={hba}"
        run(self.bin + "/pg_ctl", "-D", data, "-w", "-l", os.path.join(self.directory, "log"), "-o", options, "start")
        run(self.bin + "/pgbench", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-i", "-q", "-s", str(self.scale),
            DATABASE)
        run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", DATABASE, "-c",
            f"CREATE ROLE {SCRAM_USER} LOGIN SUPERUSER PASSWORD '{SCRAM_PASSWORD}'")

    @staticmethod
    def _bin():
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
        if found:
            return os.path.dirname(found[-1])
        initdb = shutil.which("initdb")
        if not initdb:
            sys.exit("compare.py: initdb is missing: install the PostgreSQL server package (Debian: postgresql-15)")
        return os.path.dirname(initdb)

    def version(self):
        output = subprocess.run([self.bin + "/postgres", "--version"], capture_output=True, text=True).stdout
        return "PostgreSQL " + re.search(r"[\d.]+", output).group()

    def unprivileged(self, command):
        """The command as the servers' user."""
        if os.geteuid() == 0:
            identity = pwd.getpwnam(USER)
            return ["setpriv", f"--reuid={identity.pw_uid}", f"--regid={identity.pw_gid}", "--clear-groups", *command]
        return command

    def certificate(self):
        """Paths of a certificate that signs itself (EC P-256) and of its key, both readable by the servers' user."""
        certificate, key = (os.path.join(self.directory, name) for name in ("tls.crt", "tls.key"))
        if not os.path.exists(key):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-subj", "/CN=localhost", "-days", "2", "-keyout", key, "-out", certificate],
                           check=True, stderr=subprocess.DEVNULL)
            os.chmod(key, 0o600)
            if os.geteuid() == 0:
                shutil.chown(key, USER, USER)
        return certificate, key

    def file(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, 0o644)
        return path


class Contender:
    """Who answers on a port; with auth "scram" or "scram-tls" to a user with a password, else to anybody."""
    note = ""
    pid = None

    def __init__(self, bench, auth):
        self.bench = bench
        self.scram, self.tls = auth.startswith("scram"), auth.endswith("tls")
        self.user, self.password = (SCRAM_USER, SCRAM_PASSWORD) if self.scram else (USER, "")
        self.environment = {"PGPASSWORD": self.password, "PGSSLMODE": "require" if self.tls else "disable"}


class Direct(Contender):
    """No proxy."""
    name = "direct"

    def __init__(self, bench, auth):
        super().__init__(bench, auth)
        self.port = bench.port

    def stop(self):
        pass


class Proxy(Contender):
    """A proxy that runs as a child process."""

    def __init__(self, bench, auth, command, environment=None):
        super().__init__(bench, auth)
        self.log = os.path.join(bench.directory, f"{self.name}.log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True, env=environment)
        self.pid = self.process.pid
        self._await_answer()

    def _await_answer(self):
        deadline = time.monotonic() + 240  # the launcher may have to build first
        while time.monotonic() < deadline:
            query = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "-Atc", "SELECT 1", DATABASE]
            answer = subprocess.run(query, capture_output=True, text=True, env={**os.environ, **self.environment})
            if answer.stdout.strip() == "1":
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        self.stop()
        with open(self.log) as log:
            sys.exit(f"compare.py: {self.name} did not start:\n{log.read()[-2000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class HaProxy(Proxy):
    """Bytes from one socket to another: what any proxy costs at least. One backend per client."""
    name = "haproxy"
    note = "one backend per client"

    def __init__(self, bench, auth, path):
        self.port = free_port()
        configuration = bench.file("haproxy.cfg", "\n".join([
            "global",
            "  nbthread 1",  # as the others: one thread
            "  maxconn 2000",
            "defaults",
            "  mode tcp",
            "  timeout connect 10s",
            "  timeout client 10m",
            "  timeout server 10m",
            "listen postgres",
            f"  bind 127.0.0.1:{self.port}",
            f"  server postgres 127.0.0.1:{bench.port}",
            ""]))
        super().__init__(bench, auth, [path, "-f", configuration])


class PgBouncer(Proxy):
    name = "pgbouncer"

    def __init__(self, bench, auth, path, pool, mode, clients):
        self.port = free_port()
        self.version = self.version_of(path)
        pools_prepared = self.version >= (1, 21)
        session = mode == "prepared" and not pools_prepared
        if session:
            pool = max(pool, clients)
            self.note = "session mode, one backend per client"
        tls = []
        if auth.endswith("tls"):
            certificate, key = bench.certificate()
            tls = ["client_tls_sslmode = require", f"client_tls_cert_file = {certificate}", f"client_tls_key_file = {key}"]
        scram = auth.startswith("scram")
        forced = "" if scram else f" user={USER}"
        users = bench.file("userlist.txt", f'"{SCRAM_USER}" "{SCRAM_PASSWORD}"\n')
        ini = bench.file("pgbouncer.ini", "\n".join([
            "[databases]",
            f"* = host=127.0.0.1 port={bench.port}{forced}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {self.port}",
            "unix_socket_dir =",
            f"auth_type = {'scram-sha-256' if scram else 'any'}",
            f"auth_file = {users}",
            f"pool_mode = {'session' if session else 'transaction'}",
            f"default_pool_size = {pool}",
            f"max_client_conn = {MOST_CLIENTS}",
            *tls,
            *(["max_prepared_statements = 200"] if pools_prepared else []),
            "log_connections = 0",
            "log_disconnections = 0",
            ""]))
        super().__init__(bench, auth, bench.unprivileged([path, ini]))

    @staticmethod
    def version_of(path):
        output = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
        return tuple(map(int, re.search(r"(\d+)\.(\d+)", output).groups()))


class BareRelay(Proxy):
    """Netty alone, on the transport of pgweir and with its flags for Java: bytes from one socket to another."""
    note = "one backend per client"

    def __init__(self, bench, auth, transport):
        self.name = "relay" if transport == "epoll" else "relay-uring"
        self.port = free_port()
        jar = os.path.join(TOP, "benchmark/target/pgweir-benchmark.jar")
        if not os.path.exists(jar):
            print("building " + os.path.relpath(jar, TOP), flush=True)
            subprocess.run([os.path.join(TOP, "mvnw"), "-B", "-q", "-pl", "benchmark", "-am", "-DskipTests",
                            "-Dspotless.check.skip=true", "package"], check=True, cwd=TOP)
        command = java_command("run") + ["-cp", jar, "io.pgweir.benchmark.BareRelay", str(self.port), str(bench.port), transport]
        super().__init__(bench, auth, command)


def java_command(what):
    """Java and its flags as the launcher starts it for a command of pgweir's."""
    output = subprocess.run([os.path.join(TOP, "pgweir"), what], check=True, capture_output=True, text=True,
                            env={**os.environ, "PGWEIR_PRINT_JAVA": "1"}).stdout
    return output.splitlines()


class Pgweir(Proxy):
    name = "pgweir"

    def __init__(self, bench, auth, launcher, pool, *more, profile=None):
        if "io_uring" in more:
            self.name = "pgweir-uring"
        self.port, self.http = free_port(), free_port()
        scram = auth.startswith("scram")
        login = f"{SCRAM_USER}:{SCRAM_PASSWORD}" if scram else USER
        if auth.endswith("tls"):
            certificate, key = bench.certificate()
            more += ("--tls", "require", "--tls-cert", certificate, "--tls-key", key)
        super().__init__(bench, auth, [
            launcher, "run",
            "--listen", f"127.0.0.1:{self.port}",
            "--http", f"127.0.0.1:{self.http}",
            "--client-auth", "scram" if scram else "trust",
            "--max-clients", str(MOST_CLIENTS),
            "--connection-limit", str(pool),
            *more],
            {**{name: value for name, value in os.environ.items() if not name.startswith("PGWEIR_")},
             **({"PGWEIR_PROFILE": profile} if profile else {}),
             "DATABASE_URL": f"postgresql://{login}@127.0.0.1:{bench.port}/{DATABASE}"})
