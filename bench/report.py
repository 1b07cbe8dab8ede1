"""Medians, ratios and the Markdown tables. A ratio is the median of the rounds' ratios, not the ratio of the medians."""
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import date
from statistics import median

from targets import targets

LEAST_TPS, MOST_CPU = 0.9, 1.5
NAMES = ("direct", "haproxy", "pgbouncer", "relay", "relay-uring", "pgweir", "pgweir-uring")
OURS = ("pgweir", "pgweir-uring")
RELAYS = (("pgweir", "relay"), ("pgweir-uring", "relay-uring"))
TITLES = {"haproxy": "HAProxy", "pgbouncer": "PgBouncer", "relay": "bare relay", "relay-uring": "bare relay, io_uring",
          "pgweir": "pgweir", "pgweir-uring": "pgweir, io_uring"}


@dataclass
class Row:
    case: object
    samples: dict  # contender -> samples of the rounds
    notes: dict  # contender -> what is special about it here

    def median(self, name, field):
        values = [getattr(sample, field) for sample in self.samples.get(name, [])]
        return median(values) if values and None not in values else None

    def ratio(self, field, ours="pgweir", theirs="pgbouncer"):
        pairs = zip(self.samples.get(ours, []), self.samples.get(theirs, []))
        ratios = [getattr(a, field) / getattr(b, field) for a, b in pairs if getattr(a, field) and getattr(b, field)]
        return median(ratios) if ratios else None

    def as_line(self):
        return "  " + "; ".join(
            f"{name} {_number(self.median(name, 'rate'))} {self.case.unit}"
            + f" {_number(self.median(name, 'cpu_us'), 1)} us {_number(self.median(name, 'memory_mb'))} MB"
            for name in self.samples) + (
            "".join(f"; {name} to pgbouncer: {_number(self.ratio('rate', name), 2)}, CPU {_number(self.ratio('cpu_us', name), 2)},"
                    f" p99 {_number(self.ratio('p99_ms', name), 2)}" for name in OURS if name in self.samples))


def missed_marks(rows):
    missed = []
    for row in rows:
        if row.case.unit != "tps":
            continue
        name = f"{row.case.title}, {row.case.clients} clients"
        tps, cpu = row.ratio("rate"), row.ratio("cpu_us")
        if tps is not None and tps < LEAST_TPS:
            missed.append(f"{name}: {tps:.2f} of PgBouncer's tps, at least {LEAST_TPS} wanted")
        if cpu is not None and cpu > MOST_CPU:
            missed.append(f"{name}: {cpu:.2f} times PgBouncer's CPU, at most {MOST_CPU} wanted")
    return missed


def tables(rows, bench, options, command):
    lines = [
        f"{date.today().isoformat()}, {machine()}. {'; '.join(_versions(bench, options))}.",
        f"`{' '.join(['bench/compare.py', *command[1:]])}`: {options.rounds} interleaved rounds of {options.seconds} s, pools of"
        f" {options.pool} backends; medians. A ratio is the median of the rounds' ratios: of throughput the more the better,"
        " of CPU time and of the 99th percentile the less. HAProxy and the bare relay have one backend per client.",
        ""]
    reached = targets(rows)
    lines += reached + [""] if reached else []
    notes = []
    _rates(lines, rows, notes, "tps")
    _costs(lines, rows, "tps", "µs of CPU per transaction")
    _rates(lines, rows, notes, "MB/s")
    _costs(lines, rows, "MB/s", "µs of CPU per MB")
    idle = [row for row in rows if row.case.unit == "clients"]
    if idle:
        names = [name for name in ("pgbouncer", *OURS) if name in idle[0].samples]
        lines += ["| idle clients | " + " | ".join(f"{_title(name)} MB" for name in names) + " |", "|--:" * (len(names) + 1) + "|"]
        lines += [f"| {row.case.clients:,} | " + " | ".join(_number(row.median(name, "memory_mb")) for name in names) + " |"
                  for row in idle]
        lines.append("")
    lines += [f"\\{'*' * (i + 1)} {note}" for i, note in enumerate(notes)]
    return "\n".join(lines).rstrip()


def _rates(lines, rows, notes, unit):
    """Throughput, and the 99th percentile where there is one."""
    chosen = [row for row in rows if row.case.unit == unit]
    names = [name for name in NAMES if any(name in row.samples for row in chosen)]
    ours = [name for name in OURS if name in names]
    if not chosen:
        return
    head = ["work", "clients"] + [f"{_title(name)} {unit}" for name in names]
    head += [f"{_title(name)} to PgBouncer" for name in ours]
    with_p99 = unit == "tps"
    head += [f"p99, {_title(name)} to PgBouncer" for name in ours] if with_p99 else []
    lines += ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    for row in chosen:
        cells = [row.case.title + _marks(row, notes), str(row.case.clients)]
        cells += [_number(row.median(name, "rate")) for name in names]
        cells += [_number(row.ratio("rate", name), 2) for name in ours]
        cells += [_number(row.ratio("p99_ms", name), 2) for name in ours] if with_p99 else []
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")


def _costs(lines, rows, unit, cost):
    """CPU time, and what it is in relation to PgBouncer and to the bare relay on the same transport."""
    chosen = [row for row in rows if row.case.unit == unit]
    names = [name for name in NAMES if name != "direct" and any(name in row.samples for row in chosen)]
    ours = [name for name in OURS if name in names]
    relays = [(name, relay) for name, relay in RELAYS if name in names and relay in names]
    if not chosen or not names:
        return
    head = [f"{cost}", "clients"] + [_title(name) for name in names]
    head += [f"{_title(name)} to PgBouncer" for name in ours] + [f"{_title(name)} to {_title(relay)}" for name, relay in relays]
    head += [f"{_title(name)} MB" for name in ("pgbouncer", *ours)]
    lines += ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    for row in chosen:
        cells = [row.case.title, str(row.case.clients)] + [_number(row.median(name, "cpu_us"), 1) for name in names]
        cells += [_number(row.ratio("cpu_us", name), 2) for name in ours]
        cells += [_number(row.ratio("cpu_us", name, relay), 2) for name, relay in relays]
        cells += [_number(row.median(name, "memory_mb")) for name in ("pgbouncer", *ours)]
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")


def _marks(row, notes):
    """The footnotes of a row; that HAProxy and the relay have one backend per client goes for all."""
    marks = ""
    for name, note in row.notes.items():
        if name != "pgbouncer":
            continue
        text = f"{_title(name)}: {note}"
        if text not in notes:
            notes.append(text)
        marks += " \\" + "*" * (notes.index(text) + 1)
    return marks


def _title(name):
    return TITLES.get(name, name)


def write_between_markers(path, name, text):
    """Replaces what stands between the markers of this name; the rest of the file is somebody's prose."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    old = path.read_text()
    head, rest = old.split(begin, 1)
    path.write_text(head + begin + "\n" + text + "\n" + end + rest.split(end, 1)[1])
    print(f"wrote {path}")


def _number(value, digits=0):
    return "-" if value is None else f"{value:.{digits}f}"


def machine():
    model = "unknown CPU"
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            found = re.search(r"model name\s*:\s*(.*)", cpuinfo.read())
            model = found.group(1).strip() if found else model
    except OSError:
        pass
    return f"{os.cpu_count()} x {model}, Linux {platform.release().split('-')[0]}, everything on one machine"


def _versions(bench, options):
    yield bench.version()
    if "haproxy" in options.contenders:
        output = subprocess.run([options.haproxy, "-v"], capture_output=True, text=True).stdout
        yield "HAProxy " + re.search(r"\d+\.\d+\.\d+", output).group()
    if "pgbouncer" in options.contenders:
        yield subprocess.run([options.pgbouncer, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    if "pgweir" in options.contenders:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                                cwd=os.path.dirname(os.path.abspath(__file__))).stdout.strip()
        version = subprocess.run([options.pgweir, "--version"], capture_output=True, text=True).stdout.strip()
        yield f"pgweir {version.removeprefix('pgweir').strip()} ({commit})".replace("  ", " ")
