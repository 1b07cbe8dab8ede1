#!/usr/bin/env python3
"""What it costs that no client sees another's state: pgweir with each state_check, side by side, and no proxy.

Three kinds of clients: such as only SELECT, such as call a function of their own in each statement, and such as SET something in
each transaction. Prints a table for docs/performance.md: throughput as a part of that without a proxy, and the proxy's CPU time per
transaction. Ratios are of the same round; medians of all. Takes about 5 minutes, and starts and stops everything itself.
"""
import argparse
import signal
import subprocess
import sys
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True

from cases import PgBench, interleaved
from contenders import DATABASE, USER, Bench, Direct, Pgweir

TOP = Path(__file__).resolve().parent.parent
CHECKS = ("off", "suspicious", "always")
FUNCTION = """CREATE FUNCTION own_balance(int) RETURNS int LANGUAGE sql STABLE AS
'SELECT abalance FROM pgbench_accounts WHERE aid = $1'"""
AID = "\\set aid random(1, 100000 * :scale)\n"
WORKS = {
    "`SELECT`": AID + "SELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n",
    "`SELECT` of a function of the client's": AID + "SELECT own_balance(:aid);\n",
    "`BEGIN`, `SET`, `SELECT`, `COMMIT`": AID + "BEGIN;\nSET work_mem = '8MB';\n"
                                            "SELECT abalance FROM pgbench_accounts WHERE aid = :aid;\nCOMMIT;\n",
}


def measure(bench, case, options):
    running = [Direct(bench, "trust")]
    try:
        for check in CHECKS:
            running.append(Pgweir(bench, "trust", options.pgweir, options.pool, "--state-check", check))
        rounds = list(interleaved(case, running, options.rounds))
    finally:
        for one in running:
            one.stop()
    cells = []
    for i in range(1, len(running)):
        rate = median(one[i].rate / one[0].rate for one in rounds)
        cpu = median(one[i].cpu_us for one in rounds)
        to_off = median(one[i].cpu_us / one[1].cpu_us for one in rounds)
        cells.append(f"{rate:.2f}, {cpu:.0f} µs" + ("" if i == 1 else f" ({to_off:.2f})"))
    return f"| {case.title} | {median(one[0].rate for one in rounds):.0f} | " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="length of one pgbench run")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--mode", default="simple", help="simple, extended or prepared")
    parser.add_argument("--pgweir", default=str(TOP / "pgweir"), help="path of the launcher to use")
    options = parser.parse_args()
    options.pool, options.jobs, options.scale, options.quick = 20, 1, 10, True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped
    with Bench(options.scale) as bench:
        subprocess.run(["psql", "-h", "127.0.0.1", "-p", str(bench.port), "-U", USER, "-d", DATABASE, "-qc", FUNCTION], check=True)
        print("| each transaction | direct tps | " + " | ".join(f"`state_check: {check}`" for check in CHECKS) + " |")
        print("|---|--:|" + "--:|" * len(CHECKS))
        for title, script in WORKS.items():
            print(measure(bench, PgBench(options.mode, options.clients, options, title, script), options), flush=True)


if __name__ == "__main__":
    main()
