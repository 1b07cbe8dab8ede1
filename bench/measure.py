"""One pgbench run through one contender, with the CPU time and memory of the proxy's processes (from /proc)."""
import os
import re
import subprocess
import sys
from dataclasses import dataclass

from contenders import DATABASE, USER

TICKS = os.sysconf("SC_CLK_TCK")
SLICE_SECONDS, MOST_SLICES, AT_REST = 5, 12, 0.02


@dataclass
class Sample:
    tps: float
    cpu_us: float | None  # CPU time of the proxy per transaction
    memory_mb: float | None  # proportional set size of the proxy


def warm_up(contender, mode, clients, options):
    """Fills caches and pools; a JIT compiler gets the time until it has come to rest, which takes longer on a busy machine."""
    _pgbench(contender, mode, clients, options.jobs, 2)
    slices = 0 if contender.pid is None or _compiler_seconds(contender.pid) is None else MOST_SLICES // (3 if options.quick else 1)
    while slices > 0:
        before = _compiler_seconds(contender.pid)
        _pgbench(contender, mode, clients, options.jobs, SLICE_SECONDS)
        slices = 0 if _compiler_seconds(contender.pid) - before < AT_REST * SLICE_SECONDS else slices - 1


def measure(contender, mode, clients, options):
    before = _cpu_seconds(contender.pid)
    tps, transactions = _pgbench(contender, mode, clients, options.jobs, options.seconds)
    if contender.pid is None:
        return Sample(tps, None, None)
    used = _cpu_seconds(contender.pid) - before
    return Sample(tps, used / transactions * 1e6, _memory_mb(contender.pid))


def _pgbench(contender, mode, clients, jobs, seconds):
    run = subprocess.run(
        [contender.bench.bin + "/pgbench", "-h", "127.0.0.1", "-p", str(contender.port), "-U", USER, "-n", "-S", "-M", mode,
         "-c", str(clients), "-j", str(min(jobs, clients)), "-T", str(seconds), DATABASE],
        capture_output=True, text=True)
    tps = re.search(r"tps = ([\d.]+)", run.stdout)
    transactions = re.search(r"actually processed: (\d+)", run.stdout)
    failed = re.search(r"failed transactions: ([1-9]\d*)", run.stdout)
    if run.returncode != 0 or not tps or not transactions or failed:
        sys.exit(f"compare.py: pgbench -M {mode} -c {clients} through {contender.name} failed:\n"
                 + (run.stderr or run.stdout)[-1000:])
    return float(tps.group(1)), int(transactions.group(1))


def _family(pid):
    """A process and its descendants."""
    todo, found = [pid], []
    while todo:
        current = todo.pop()
        found.append(current)
        try:
            for task in os.listdir(f"/proc/{current}/task"):
                with open(f"/proc/{current}/task/{task}/children") as children:
                    todo += map(int, children.read().split())
        except OSError:
            pass  # it has ended
    return found


def _cpu_seconds(pid):
    if pid is None:
        return 0.0
    ticks = 0
    for one in _family(pid):
        try:
            with open(f"/proc/{one}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks += sum(map(int, fields[11:15]))  # user and system, its own and its reaped children's
        except OSError:
            pass
    return ticks / TICKS


def _compiler_seconds(pid):
    """CPU time of a JVM's compiler threads; None if it has none."""
    ticks = None
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm") as comm:
                if "CompilerThre" not in comm.read():
                    continue
            with open(f"/proc/{pid}/task/{task}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks = (ticks or 0) + int(fields[11]) + int(fields[12])
        except OSError:
            pass  # it has ended
    return None if ticks is None else ticks / TICKS


def _memory_mb(pid):
    kilobytes = 0
    for one in _family(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup") as rollup:
                kilobytes += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except OSError:
            pass
    return kilobytes / 1024
