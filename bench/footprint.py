#!/usr/bin/env python3
"""Start and memory of pgweir: how long from its start until it is ready, resident memory with 0, 1,000 and 10,000 idle clients, and
what one of them takes of it.

    bench/footprint.py [--starts 7] [--clients 1000,10000]

Ready is the first 200 of /health/ready, before a PostgreSQL that this starts. A client has logged in, asked once, and idles. Heap is what
is left after a collection (jcmd GC.class_histogram), native memory is the network buffers of /metrics; the kernel's sockets are in
neither. Starts and stops everything itself; about 5 minutes.
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import date
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True

from contenders import DATABASE, TOP, Bench, Pgweir, free_port, java_command
from raw_client import RawClient
from report import machine, write_between_markers

POLL_SECONDS = 0.002
MOST_ON_SIDECAR = 5_000  # its heap has room for a few more


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--clients", default="1000,10000")
    parser.add_argument("--no-write", action="store_true", help="leave docs alone")
    options = parser.parse_args()
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    subprocess.run([os.path.join(TOP, "pgweir"), "archive"], check=True)
    with Bench(1) as bench:
        lines = [f"{date.today().isoformat()}, {machine()}.", "", *starts(bench, options.starts), "",
                 *memory(bench, [int(count) for count in options.clients.split(",")])]
    text = "\n".join(lines)
    print("\n" + text)
    if not options.no_write:
        write_between_markers(Path(TOP) / "docs" / "performance.md", "footprint", text)


def starts(bench, count):
    """With and without the archive, in turn."""
    java = java_command("run")
    plain = [word for word in java if not word.startswith(("-XX:AOTCache=", "-XX:SharedArchiveFile="))]
    taken = {"with": [], "without": []}
    for _ in range(count):
        for way, command in (("with", java), ("without", plain)):
            taken[way].append(start(bench, command))
    yield f"| start to ready, Java {java_release(java[0])} | seconds, median of {count} | CPU seconds |"
    yield "|---|--:|--:|"
    for way, times in taken.items():
        seconds, cpu = (median(one[i] for one in times) for i in (0, 1))
        least, most = min(one[0] for one in times), max(one[0] for one in times)
        yield f"| {way} archive | {seconds:.2f} ({least:.2f} to {most:.2f}) | {cpu:.2f} |"


def java_release(java):
    with open(os.path.join(os.path.dirname(os.path.dirname(java)), "release")) as release:
        return re.search(r'JAVA_VERSION="([^"]*)"', release.read()).group(1)


def start(bench, java):
    """Seconds until it is ready, and of CPU time until then."""
    port, http = free_port(), free_port()
    command = [*java, "-jar", os.path.join(TOP, "cli/target/pgweir.jar"), "run", "--listen", f"127.0.0.1:{port}",
               "--http", f"127.0.0.1:{http}", "--client-auth", "trust",
               "--database-url", f"postgresql://postgres@127.0.0.1:{bench.port}/{DATABASE}"]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not is_ready(http):
            if process.poll() is not None or time.monotonic() - began > 30:
                sys.exit("footprint.py: pgweir does not become ready")
            time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - began
        with open(f"/proc/{process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return seconds, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    finally:
        process.terminate()
        process.wait()


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def memory(bench, counts):
    yield "| profile | idle clients | resident MiB | of it anonymous | heap in use MiB | buffers MiB | bytes per client |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for profile in ("server", "sidecar"):
        pgweir = Pgweir(bench, "trust", os.path.join(TOP, "pgweir"), 20, profile=profile)
        clients = []
        try:
            with RawClient(pgweir.port, pgweir.user, DATABASE) as first:
                first.drain("SELECT 1")
            none = None
            for count in [0, *(count if profile == "server" else min(count, MOST_ON_SIDECAR) for count in counts)]:
                while len(clients) < count:
                    clients.append(RawClient(pgweir.port, pgweir.user, DATABASE).login())
                    clients[-1].drain("SELECT 1")
                resident, anonymous = resident_mib(pgweir.pid)
                heap, buffers = heap_mib(pgweir.pid), buffers_mib(pgweir.http)
                none = none or heap + buffers
                each = "" if count == 0 else f"{(heap + buffers - none) * 2**20 / count:,.0f}"
                yield f"| {profile} | {count:,} | {resident:.0f} | {anonymous:.0f} | {heap:.1f} | {buffers:.1f} | {each} |"
        finally:
            for client in clients:
                client.close()
            pgweir.stop()


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        text = status.read()
    return tuple(int(re.search(rf"{name}:\s+(\d+)", text).group(1)) / 1024 for name in ("VmRSS", "RssAnon"))


def heap_mib(pid):
    jcmd = os.path.join(os.path.dirname(os.path.realpath(f"/proc/{pid}/exe")), "jcmd")
    histogram = subprocess.run([jcmd, str(pid), "GC.class_histogram"], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"^Total\s+\d+\s+(\d+)", histogram, re.MULTILINE).group(1)) / 2**20


def buffers_mib(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    found = re.findall(r'^pgweir_buffer_memory_bytes\{area="direct"\} (\S+)', metrics, re.MULTILINE)
    return float(found[0]) / 2**20


if __name__ == "__main__":
    main()
