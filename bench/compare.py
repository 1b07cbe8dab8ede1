#!/usr/bin/env python3
"""Compares pgweir, on epoll and on io_uring, with PgBouncer, with HAProxy's TCP forwarding, with Netty forwarding bare bytes on the
same transports, and with no proxy at all, side by side.

Starts a PostgreSQL of its own in a temporary directory and the contenders in front of it, and runs the same work through each in
turn, round after round, so that a machine's moods hit all alike. Prints medians and the ratios of pgweir to PgBouncer, and writes
them to docs/performance.md between its markers, with a chart. Stops everything it started.

  bench/compare.py                    select-only pgbench: simple, extended, prepared; 8 and 64 clients; about half an hour
  bench/compare.py --all              also 1 and 500 clients, transactions, a login for each transaction (with TLS too),
                                      large results, and 10,000 idle clients; about two hours
  bench/compare.py --quick            about 5 minutes, good for a look, not for a claim
  bench/compare.py --check            exit code 1 below 0.9 of PgBouncer's tps or above 1.5 times its CPU per transaction

PgBouncer and HAProxy are installed from Debian when they are missing and this runs as root; --pgbouncer PATH takes another one.
Versions before 1.21 cannot pool named prepared statements: in mode "prepared" such a PgBouncer runs with pool_mode=session and one
backend per client, which is less work for it than what pgweir does, and is marked in the table.
"""
import argparse
import resource
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from cases import IdleClients, LargeResult, PgBench, interleaved
from chart import chart
from contenders import BareRelay, Bench, Direct, HaProxy, PgBouncer, Pgweir, installed
from kept import Kept
from report import Row, missed_marks, tables, write_between_markers

TOP = Path(__file__).resolve().parent.parent
CONTENDERS = ["direct", "haproxy", "pgbouncer", "relay", "relay-uring", "pgweir", "pgweir-uring"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 rounds of 3 s instead of 5 rounds of 8 s")
    parser.add_argument("--all", action="store_true", help="every case")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="length of one pgbench run")
    parser.add_argument("--modes", default="simple,extended,prepared")
    parser.add_argument("--clients", help="default 8,64; with --all 1,8,64,500")
    parser.add_argument("--cases", help="of select,transaction,connect,connect-tls,rows,idle; default select; with --all all")
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--jobs", type=int, default=1, help="threads of pgbench")
    parser.add_argument("--scale", type=int, default=10)
    parser.add_argument("--pool", type=int, default=20, help="backends of each pool")
    parser.add_argument("--idle-clients", type=int, default=10_000)
    parser.add_argument("--pgbouncer", help="path of the pgbouncer to use")
    parser.add_argument("--pgweir", default=str(TOP / "pgweir"), help="path of the launcher to use")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a mark is missed")
    parser.add_argument("--resume", metavar="FILE", help="keep each case's samples there, and do not measure what it has already")
    parser.add_argument("--no-write", action="store_true", help="leave docs alone")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (3 if options.quick else 8)
    options.clients = options.clients or ("1,8,64,500" if options.all else "8,64")
    options.cases = options.cases or ("select,transaction,connect,connect-tls,rows,idle" if options.all else "select")
    options.contenders = options.contenders.split(",")
    return options


def cases(options):
    wanted = options.cases.split(",")
    if "select" in wanted:
        for mode in options.modes.split(","):
            for clients in map(int, options.clients.split(",")):
                yield PgBench(mode, clients, options)
    if "transaction" in wanted:
        for mode in ("simple", "extended"):
            yield PgBench(mode, 8, options, "transaction")
    if "connect" in wanted:
        yield PgBench("simple", 8, options, "connect")
    if "connect-tls" in wanted:
        yield PgBench("simple", 8, options, "connect-tls")
    if "rows" in wanted:
        for row_bytes in (100, 1_000_000):
            yield LargeResult(row_bytes, options)
    if "idle" in wanted:
        yield IdleClients(options.idle_clients, options)


def contender(name, bench, case, options):
    if name == "direct":
        return Direct(bench, case.auth)
    if name == "haproxy":
        return HaProxy(bench, case.auth, options.haproxy)
    if name == "pgbouncer":
        return PgBouncer(bench, case.auth, options.pgbouncer, options.pool, case.mode, case.clients)
    if name in ("relay", "relay-uring"):
        return BareRelay(bench, case.auth, "epoll" if name == "relay" else "io_uring")
    if name in ("pgweir", "pgweir-uring"):
        transport = "epoll" if name == "pgweir" else "io_uring"
        return Pgweir(bench, case.auth, options.pgweir, options.pool, "--transport", transport)
    sys.exit(f"compare.py: no contender is called '{name}': take some of {','.join(CONTENDERS)}")


def compare(bench, case, options):
    """All contenders at one case; started fresh, so that memory and caches are this case's own."""
    running = []
    try:
        for name in case.contenders(options.contenders):
            running.append(contender(name, bench, case, options))
        rounds = list(interleaved(case, running, options.rounds))
        samples = {one.name: [taken[i] for taken in rounds] for i, one in enumerate(running)}
        return Row(case, samples, {one.name: one.note for one in running if one.note})
    finally:
        for one in running:
            one.stop()


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    if "haproxy" in options.contenders:
        options.haproxy = installed("haproxy")
    if "pgbouncer" in options.contenders:
        options.pgbouncer = options.pgbouncer or installed("pgbouncer")
    rows = []
    with Bench(options.scale) as bench:
        kept = Kept(options.resume)
        for case in cases(options):
            row = kept.row_of(case)
            if row is None:
                print(f"{case.title}, {case.clients} clients: {options.rounds} rounds", flush=True)
                row = compare(bench, case, options)
                kept.add(row)
            rows.append(row)
            print(row.as_line(), flush=True)
        text = tables(rows, bench, options, sys.argv)
    print("\n" + text)
    if not options.no_write:
        docs = TOP / "docs"
        (docs / "performance.svg").write_text(chart(rows))
        write_between_markers(docs / "performance.md", "compare", text)
    missed = missed_marks(rows)
    for mark in missed:
        print("missed: " + mark)
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
