"""What is measured. A case runs once per contender and round; what it returns is a Sample."""
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from contenders import DATABASE
from raw_client import RawClient
from usage import compiler_seconds, cpu_seconds, memory_mb

SLICE_SECONDS, MOST_SLICES, AT_REST = 4, 8, 0.01

TRANSACTION = """\\set aid random(1, 100000 * :scale)
\\set delta random(-5000, 5000)
BEGIN;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
END;
"""


@dataclass
class Sample:
    rate: float  # per second: transactions, or megabytes
    cpu_us: float | None = None  # CPU time of the proxy per transaction, or megabyte
    memory_mb: float | None = None  # proportional set size of the proxy
    p99_ms: float | None = None


def interleaved(case, running, rounds):
    """The samples of each round in the order of {running}, warmed up first; every round begins with another of them."""
    for one in running:
        case.warm_up(one)
    order = list(range(len(running)))
    for turn in range(rounds):
        shift = turn % len(running)
        samples = {i: case.sample(running[i]) for i in order[shift:] + order[:shift]}
        yield [samples[i] for i in order]


class PgBench:
    """pgbench's own select-only script, or one of ours, for some seconds."""
    unit = "tps"

    def __init__(self, mode, clients, options, kind="select", script=None):
        self.mode = mode
        self.clients = clients
        self.options = options
        self.kind = kind
        self.connecting_seconds = clients // 250  # pgbench's clock runs while it connects
        self.script = TRANSACTION if kind == "transaction" else script
        self.auth = {"connect": "scram", "connect-tls": "scram-tls"}.get(kind, "trust")
        self.title = {"select": mode, "transaction": f"{mode}, 5 statements", "connect": f"{mode}, login each",
                      "connect-tls": f"{mode}, login with TLS each"}.get(kind, kind)

    def contenders(self, wanted):
        """With many clients only those that need no backend for each, with TLS those that end it: a forwarder does not."""
        few = self.clients <= 100 and self.kind != "connect-tls"
        return [name for name in wanted if few or name.startswith(("pgbouncer", "pgweir"))]

    def warm_up(self, contender):
        """Fills caches and pools; a JIT compiler gets the time until it has come to rest: longer on a busy machine."""
        self._run(contender, 2 + self.connecting_seconds)
        slices = 0
        if contender.pid is not None and compiler_seconds(contender.pid) is not None:
            slices = 3 if self.options.quick else MOST_SLICES
        while slices > 0:
            before = compiler_seconds(contender.pid)
            self._run(contender, SLICE_SECONDS + self.connecting_seconds)
            resting = compiler_seconds(contender.pid) - before < AT_REST * SLICE_SECONDS
            slices = 0 if resting else slices - 1

    def sample(self, contender):
        before = cpu_seconds(contender.pid)
        tps, transactions, p99 = self._run(contender, self.options.seconds + self.connecting_seconds)
        if contender.pid is None:
            return Sample(tps, p99_ms=p99)
        used = cpu_seconds(contender.pid) - before
        return Sample(tps, used / transactions * 1e6, memory_mb(contender.pid), p99)

    def _run(self, contender, seconds):
        command = [contender.bench.bin + "/pgbench", "-h", "127.0.0.1", "-p", str(contender.port), "-U", contender.user,
                   "-n", "-M", self.mode, "-c", str(self.clients), "-j", str(min(self.options.jobs, self.clients)),
                   "-T", str(seconds)]
        if self.kind.startswith("connect"):
            command.append("-C")
        if self.script:
            command += ["-D", f"scale={self.options.scale}", "-f", contender.bench.file("script.sql", self.script)]
        else:
            command.append("-S")
        with tempfile.TemporaryDirectory(dir=contender.bench.directory) as logs:
            run = subprocess.run([*command, "-l", "--sampling-rate=0.1", "--log-prefix", os.path.join(logs, "l"), DATABASE],
                                 capture_output=True, text=True, env={**os.environ, **contender.environment})
            tps = re.search(r"tps = ([\d.]+)", run.stdout)
            transactions = re.search(r"actually processed: (\d+)", run.stdout)
            failed = re.search(r"failed transactions: ([1-9]\d*)", run.stdout)
            if run.returncode != 0 or not tps or not transactions or failed:
                sys.exit(f"compare.py: {' '.join(command)} through {contender.name} failed:\n"
                         + (run.stderr or run.stdout)[-1000:])
            return float(tps.group(1)), int(transactions.group(1)), _p99(logs)


def _p99(directory):
    """Milliseconds, from pgbench's log of transactions: its third column is microseconds."""
    latencies = []
    for name in os.listdir(directory):
        with open(os.path.join(directory, name)) as log:
            latencies += [int(line.split(" ", 3)[2]) for line in log]
    latencies.sort()
    return latencies[int(len(latencies) * 0.99)] / 1000 if latencies else None


class LargeResult:
    """100 MB of rows of one size, read by a client that only looks for the end."""
    unit = "MB/s"
    auth = "trust"
    mode = "simple"
    clients = 1

    def __init__(self, row_bytes, options):
        self.row_bytes = row_bytes
        self.rows = 100_000_000 // row_bytes
        self.title = f"100 MB in rows of {row_bytes:,} B"
        self.options = options

    def contenders(self, wanted):
        return wanted

    def warm_up(self, contender):
        for _ in range(2 if self.options.quick else 4):
            self.sample(contender)

    def sample(self, contender):
        with RawClient(contender.port, contender.user, DATABASE) as client:
            before = cpu_seconds(contender.pid)
            size, seconds = client.drain(
                f"SELECT repeat('x', {self.row_bytes}) FROM generate_series(1, {self.rows})")
            used = cpu_seconds(contender.pid) - before
        megabytes = size / 1e6
        if contender.pid is None:
            return Sample(megabytes / seconds)
        return Sample(megabytes / seconds, used / megabytes * 1e6, memory_mb(contender.pid))


class IdleClients:
    """Memory for clients that have logged in, asked once, and then do nothing. Only proxies have an answer."""
    unit = "clients"
    auth = "trust"
    mode = "simple"

    def __init__(self, clients, options):
        self.clients = clients
        self.options = options
        self.title = "idle"

    def contenders(self, wanted):
        return [name for name in wanted if name.startswith(("pgbouncer", "pgweir"))]

    def warm_up(self, contender):
        with RawClient(contender.port, contender.user, DATABASE) as client:
            client.drain("SELECT 1")

    def sample(self, contender):
        idle = []
        try:
            for _ in range(self.clients):
                idle.append(RawClient(contender.port, contender.user, DATABASE).login())
                idle[-1].drain("SELECT 1")
            return Sample(len(idle), memory_mb=memory_mb(contender.pid))
        finally:
            for client in idle:
                client.close()
