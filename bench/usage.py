"""CPU time and memory of a process and its descendants, from /proc."""
import os

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid):
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


def cpu_seconds(pid):
    if pid is None:
        return 0.0
    ticks = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks += sum(map(int, fields[11:15]))  # user and system, its own and its reaped children's
        except OSError:
            pass
    return ticks / TICKS


def compiler_seconds(pid):
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
            pass
    return None if ticks is None else ticks / TICKS


def memory_mb(pid):
    """Proportional set size: shared pages count once."""
    kilobytes = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup") as rollup:
                kilobytes += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except OSError:
            pass
    return kilobytes / 1024
