"""Medians, ratios and the Markdown tables. A ratio is the median of the rounds' ratios, not the ratio of the medians."""
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import date
from statistics import median

BEGIN, END = "<!-- compare:begin -->", "<!-- compare:end -->"
LEAST_TPS, MOST_CPU = 0.9, 1.5


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
            f"; to pgbouncer: {_number(self.ratio('rate'), 2)}, CPU {_number(self.ratio('cpu_us'), 2)},"
            f" p99 {_number(self.ratio('p99_ms'), 2)}")


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
        f"{date.today().isoformat()}, {_machine()}. {'; '.join(_versions(bench, options))}.",
        f"`{' '.join(['bench/compare.py', *command[1:]])}`: {options.rounds} interleaved rounds of {options.seconds} s, pools of"
        f" {options.pool} backends; medians. A ratio is pgweir to PgBouncer in the same round: of throughput the more the better,"
        " of CPU time and of the 99th percentile the less.",
        ""]
    notes = []
    _table(lines, rows, notes, "tps", "tps", "CPU µs/transaction", ("direct", "haproxy", "pgbouncer", "pgweir"), True)
    _table(lines, rows, notes, "MB/s", "MB/s", "CPU µs/MB", ("direct", "haproxy", "pgbouncer", "pgweir"), False)
    idle = [row for row in rows if row.case.unit == "clients"]
    if idle:
        lines += ["| idle clients | PgBouncer MB | pgweir MB |", "|--:|--:|--:|"]
        lines += [f"| {row.case.clients:,} | " + " | ".join(
            _number(row.median(name, "memory_mb")) for name in ("pgbouncer", "pgweir")) + " |" for row in idle]
        lines.append("")
    lines += [f"\\{'*' * (i + 1)} {note}" for i, note in enumerate(notes)]
    return "\n".join(lines).rstrip()


def _table(lines, rows, notes, unit, rate, cpu, names, with_p99):
    chosen = [row for row in rows if row.case.unit == unit]
    if not chosen:
        return
    names = [name for name in names if any(name in row.samples for row in chosen)]
    proxies = [name for name in names if name != "direct"]
    head = ["work", "clients"] + [f"{_title(name)} {rate}" for name in names] + ["ratio"]
    head += [f"{_title(name)} {cpu}" for name in proxies] + ["CPU ratio"]
    head += (["p99 ratio"] if with_p99 else []) + ["PgBouncer MB", "pgweir MB"]
    lines += ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    for row in chosen:
        marks = ""
        for name, note in row.notes.items():
            text = f"{_title(name)}: {note}"
            if text not in notes:
                notes.append(text)
            if name != "haproxy":
                marks += " \\" + "*" * (notes.index(text) + 1)
        cells = [row.case.title + marks, str(row.case.clients)]
        cells += [_number(row.median(name, "rate")) for name in names] + [_number(row.ratio("rate"), 2)]
        cells += [_number(row.median(name, "cpu_us"), 1) for name in proxies] + [_number(row.ratio("cpu_us"), 2)]
        cells += [_number(row.ratio("p99_ms"), 2)] if with_p99 else []
        cells += [_number(row.median(name, "memory_mb")) for name in ("pgbouncer", "pgweir")]
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")


def _title(name):
    return {"haproxy": "HAProxy", "pgbouncer": "PgBouncer"}.get(name, name)


def write_between_markers(path, text):
    """Replaces what stands between the markers; the rest of the file is somebody's prose."""
    if path.exists():
        old = path.read_text()
    else:
        path.parent.mkdir(exist_ok=True)
        old = f"# Performance\n\n{BEGIN}\n{END}\n"
    if BEGIN not in old or END not in old:
        old += f"\n{BEGIN}\n{END}\n"
    head, rest = old.split(BEGIN, 1)
    path.write_text(head + BEGIN + "\n" + text + "\n" + END + rest.split(END, 1)[1])
    print(f"wrote {path}")


def _number(value, digits=0):
    return "-" if value is None else f"{value:.{digits}f}"


def _machine():
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
