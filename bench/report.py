"""Medians, ratios and the Markdown table. A ratio is the median of the rounds' ratios, not the ratio of the medians."""
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
    mode: str
    clients: int
    samples: dict  # contender -> samples of the rounds
    notes: dict  # contender -> what is special about it here

    def median(self, name, field):
        values = [getattr(sample, field) for sample in self.samples.get(name, [])]
        return median(values) if values and None not in values else None

    def ratio(self, field):
        """pgweir to PgBouncer."""
        pairs = zip(self.samples.get("pgweir", []), self.samples.get("pgbouncer", []))
        ratios = [getattr(ours, field) / getattr(theirs, field) for ours, theirs in pairs if getattr(theirs, field)]
        return median(ratios) if ratios else None

    def as_line(self):
        return "  " + "  ".join(
            f"{name}: {_number(self.median(name, 'tps'))} tps, {_number(self.median(name, 'cpu_us'), 1)} us CPU/tx,"
            f" {_number(self.median(name, 'memory_mb'))} MB" for name in self.samples) + (
            f"  ratio: tps {_number(self.ratio('tps'), 2)}, CPU {_number(self.ratio('cpu_us'), 2)}")


def missed_marks(rows):
    missed = []
    for row in rows:
        tps, cpu = row.ratio("tps"), row.ratio("cpu_us")
        if tps is not None and tps < LEAST_TPS:
            missed.append(f"{row.mode}, {row.clients} clients: {tps:.2f} of PgBouncer's tps, at least {LEAST_TPS} wanted")
        if cpu is not None and cpu > MOST_CPU:
            missed.append(f"{row.mode}, {row.clients} clients: {cpu:.2f} times PgBouncer's CPU, at most {MOST_CPU} wanted")
    return missed


def table(rows, bench, options, command):
    lines = [
        f"{date.today().isoformat()}, {_machine()}. {'; '.join(_versions(bench, options))}.",
        f"`{' '.join(['bench/compare.py', *command[1:]])}`: select-only pgbench, {options.rounds} interleaved rounds of"
        f" {options.seconds} s, pools of {options.pool} backends; medians. The ratios are pgweir to PgBouncer: tps the more"
        " the better, CPU the less.",
        "",
        "| mode | clients | direct tps | PgBouncer tps | pgweir tps | tps ratio | PgBouncer CPU µs/tx | pgweir CPU µs/tx"
        " | CPU ratio | PgBouncer MB | pgweir MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    notes = []
    for row in rows:
        mark = ""
        for name, note in row.notes.items():
            text = f"{name}: {note}"
            if text not in notes:
                notes.append(text)
            mark = " " + "*" * (notes.index(text) + 1)
        cells = [row.mode + mark, str(row.clients), _number(row.median("direct", "tps"))]
        cells += [_number(row.median(name, "tps")) for name in ("pgbouncer", "pgweir")] + [_number(row.ratio("tps"), 2)]
        cells += [_number(row.median(name, "cpu_us"), 1) for name in ("pgbouncer", "pgweir")]
        cells += [_number(row.ratio("cpu_us"), 2)]
        cells += [_number(row.median(name, "memory_mb")) for name in ("pgbouncer", "pgweir")]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [""] + [f"\\{'*' * (i + 1)} {note}" for i, note in enumerate(notes)] if notes else []
    return "\n".join(lines)


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
    contenders = options.contenders.split(",")
    if "pgbouncer" in contenders:
        yield subprocess.run([options.pgbouncer, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    if "pgweir" in contenders:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                                cwd=os.path.dirname(os.path.abspath(__file__))).stdout.strip()
        version = subprocess.run([options.pgweir, "--version"], capture_output=True, text=True).stdout.strip()
        yield f"pgweir {version.removeprefix('pgweir').strip()} ({commit})".replace("  ", " ")
