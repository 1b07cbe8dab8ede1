#!/usr/bin/env python3
"""What a page of /metrics costs with 0 and with many clients: CPU time of pgweir and size, by turns.

    bench/scrape.py [--clients 5000] [--pages 200]

Each client has logged in and asked once. Starts and stops everything itself; about a minute.
"""
import argparse
import resource
import signal
import sys
import time
import urllib.request
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True

from contenders import DATABASE, TOP, Bench, Pgweir
from raw_client import RawClient
from usage import cpu_seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--pages", type=int, default=200)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    with Bench(1) as bench:
        pgweir = Pgweir(bench, "trust", str(Path(TOP) / "pgweir"), 20)
        clients = []
        try:
            with RawClient(pgweir.port, pgweir.user, DATABASE) as first:
                first.drain("SELECT 1")
            print("| clients | µs of CPU per page, median of 5 | ms until it is there | bytes |\n|--:|--:|--:|--:|")
            pages(pgweir, options.pages)  # compilers
            for count in (0, options.clients):
                while len(clients) < count:
                    clients.append(RawClient(pgweir.port, pgweir.user, DATABASE).login())
                    clients[-1].drain("SELECT 1")
                time.sleep(2)
                rounds = [pages(pgweir, options.pages) for _ in range(5)]
                cpu, latency, size = (median(one[i] for one in rounds) for i in range(3))
                print(f"| {count:,} | {cpu * 1e6:,.0f} | {latency * 1e3:.1f} | {size:,} |", flush=True)
        finally:
            for client in clients:
                client.close()
            pgweir.stop()


def pages(pgweir, count):
    cpu, began, size = cpu_seconds(pgweir.pid), time.monotonic(), 0
    for _ in range(count):
        with urllib.request.urlopen(f"http://127.0.0.1:{pgweir.http}/metrics") as answer:
            size = len(answer.read())
    return (cpu_seconds(pgweir.pid) - cpu) / count, (time.monotonic() - began) / count, size


if __name__ == "__main__":
    main()
