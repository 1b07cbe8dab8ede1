#!/usr/bin/env python3
"""Builds of pgweir side by side: CPU time per transaction of each as a ratio to the first, in the same round.

    bench/builds.py before=/path/to/one/checkout after=/path/to/another again=/path/to/the/first/copied
    bench/builds.py without=.,--statement-statistics,0 with=. again=.,--statement-statistics,0

Behind a comma come flags of pgweir run. Name the first build twice, under two names, to see what the machine's noise makes of no
difference at all. Every build must have its jar (./pgweir version makes it). What the compiler makes of one build differs from one
process to the next, so each is started several times. Takes about 2 minutes a mode and start, and starts and stops everything itself.
"""
import argparse
import signal
import sys
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True

from cases import PgBench, interleaved
from contenders import Bench, Pgweir


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs="+", metavar="NAME=CHECKOUT[,FLAG...]")
    parser.add_argument("--modes", default="simple,extended,prepared")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--starts", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--transport", default="auto")
    options = parser.parse_args()
    options.pool, options.jobs, options.scale, options.quick = 20, 1, 10, False
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped
    builds = [build.split("=", 1) for build in options.builds]
    with Bench(options.scale) as bench:
        for mode in options.modes.split(","):
            compare(bench, mode, builds, options)


def compare(bench, mode, builds, options):
    case = PgBench(mode, options.clients, options)
    rounds = []
    for start in range(options.starts):
        running = []
        try:
            for _, build in builds:
                path, *flags = build.split(",")
                running.append(Pgweir(bench, "trust", str(Path(path) / "pgweir"), options.pool,
                                      "--transport", options.transport, *flags))
            rounds += interleaved(case, running, options.rounds)
        finally:
            for one in running:
                one.stop()
    for i, (name, _) in enumerate(builds):
        ratios = sorted(one[i].cpu_us / one[0].cpu_us for one in rounds)
        print(f"{mode:9} {name:8} {median(one[i].cpu_us for one in rounds):.1f} us, {median(ratios):.2f} of {builds[0][0]}'s"
              f" [{ratios[0]:.2f} to {ratios[-1]:.2f}], {median(one[i].rate for one in rounds):.0f} tps", flush=True)


if __name__ == "__main__":
    main()
