#!/usr/bin/env python3
"""Compares pgweir with PgBouncer and with no proxy at all, side by side.

Starts a PostgreSQL of its own in a temporary directory, PgBouncer and pgweir in front of it, and runs pgbench's select-only
script through each in turn, round after round, so that a machine's moods hit all alike. Prints medians and the ratios of
pgweir to PgBouncer, and writes them to docs/performance.md between its markers. Stops everything it started.

  bench/compare.py                    about 20 minutes
  bench/compare.py --quick            about 3 minutes, good for a look, not for a claim
  bench/compare.py --check            exit code 1 below 0.9 of PgBouncer's tps or above 1.5 times its CPU per transaction

PgBouncer is installed from Debian when it is missing and this runs as root; --pgbouncer PATH takes another one. Versions before
1.21 cannot pool named prepared statements: in mode "prepared" such a PgBouncer runs with pool_mode=session and one backend
per client, which is less work for it than what pgweir does, and is marked in the table.
"""
import argparse
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from contenders import Bench, Direct, PgBouncer, Pgweir, install_pgbouncer
from measure import measure, warm_up
from report import Row, missed_marks, table, write_between_markers

TOP = Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 rounds of 3 s instead of 5 rounds of 8 s")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="length of one pgbench run")
    parser.add_argument("--modes", default="simple,extended,prepared")
    parser.add_argument("--clients", default="8,64")
    parser.add_argument("--contenders", default="direct,pgbouncer,pgweir")
    parser.add_argument("--jobs", type=int, default=1, help="threads of pgbench")
    parser.add_argument("--scale", type=int, default=10)
    parser.add_argument("--pool", type=int, default=20, help="backends of each pool")
    parser.add_argument("--pgbouncer", help="path of the pgbouncer to use")
    parser.add_argument("--pgweir", default=str(TOP / "pgweir"), help="path of the launcher to use")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a mark is missed")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (3 if options.quick else 8)
    return options


def contender(name, bench, mode, clients, options):
    if name == "direct":
        return Direct(bench)
    if name == "pgbouncer":
        return PgBouncer(bench, options.pgbouncer, options.pool, mode, clients)
    if name == "pgweir":
        return Pgweir(bench, options.pgweir, options.pool)
    sys.exit(f"compare.py: no contender is called '{name}': take direct, pgbouncer, pgweir")


def compare(bench, mode, clients, options):
    """All contenders at one mode and number of clients; started fresh, so that memory and caches are this case's own."""
    running = []
    try:
        for name in options.contenders.split(","):
            running.append(contender(name, bench, mode, clients, options))
        for one in running:
            warm_up(one, mode, clients, options)
        samples = {one.name: [] for one in running}
        for turn in range(options.rounds):
            shift = turn % len(running)
            for one in running[shift:] + running[:shift]:
                samples[one.name].append(measure(one, mode, clients, options))
        return Row(mode, clients, samples, {one.name: one.note for one in running if one.note})
    finally:
        for one in running:
            one.stop()


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped
    if "pgbouncer" in options.contenders.split(","):
        options.pgbouncer = options.pgbouncer or install_pgbouncer()
    rows = []
    with Bench(options.scale) as bench:
        for mode in options.modes.split(","):
            for clients in map(int, options.clients.split(",")):
                print(f"{mode}, {clients} clients: {options.rounds} rounds of {options.seconds} s each", flush=True)
                rows.append(compare(bench, mode, clients, options))
                print(rows[-1].as_line(), flush=True)
        text = table(rows, bench, options, sys.argv)
    print("\n" + text)
    if not options.no_write:
        write_between_markers(TOP / "docs" / "performance.md", text)
    missed = missed_marks(rows)
    for mark in missed:
        print("missed: " + mark)
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
