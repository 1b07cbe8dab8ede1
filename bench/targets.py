"""What pgweir is meant to reach, held against what was measured."""


def targets(rows):
    """Lines of a Markdown table; figures that were not measured are left out."""
    lines = ["| figure | target | measured | |", "|---|---|---|---|"]
    for figure, bound, limit, values in _figures(rows):
        if not values:
            continue
        reached = all(value >= limit if bound == ">=" else value <= limit for _, value in values)
        sign = "at least" if bound == ">=" else "at most"
        measured = ", ".join(f"{label} {value:.2f}".strip() for label, value in values)
        lines.append(f"| {figure} | {sign} {limit:.2f} | {measured} | {'reached' if reached else 'not reached'} |")
    return lines if len(lines) > 2 else []


def _figures(rows):
    """(figure, ">=" or "<=", limit, [(label, value)])."""
    select = [row for row in rows if getattr(row.case, "kind", "") == "select"]
    yield "throughput to PgBouncer, 8, 64, 500 clients", ">=", 1.0, _ratios(select, "rate", clients=(8, 64, 500))
    yield "CPU per transaction to PgBouncer, epoll, 8 and 64 clients", "<=", 1.2, _ratios(select, "cpu_us", clients=(8, 64))
    yield ("CPU per transaction to PgBouncer, io_uring, 8 and 64 clients", "<=", 1.0,
           _ratios(select, "cpu_us", clients=(8, 64), ours="pgweir-uring"))
    yield ("latency at 1 client to PgBouncer", "<=", 1.05,
           [(label, 1 / value) for label, value in _ratios(select, "rate", clients=(1,))])
    for ours, theirs, name in (("pgweir", "relay", "epoll"), ("pgweir-uring", "relay-uring", "io_uring")):
        yield (f"CPU per transaction to a bare relay, {name}, 8 and 64 clients", "<=", 1.1,
               _ratios(select, "cpu_us", clients=(8, 64), ours=ours, theirs=theirs))
    yield "99th percentile at 64 clients to PgBouncer", "<=", 1.0, _ratios(select, "p99_ms", clients=(64,))
    logins = [row for row in rows if getattr(row.case, "kind", "").startswith("connect")]
    yield ("logins per second to PgBouncer", ">=", 1.0,
           [(row.case.title, row.ratio("rate")) for row in logins if row.ratio("rate")])
    large = [row for row in rows if row.case.unit == "MB/s"]
    for theirs, limit in (("direct", 0.8), ("pgbouncer", 1.0)):
        yield (f"large results to {'a direct connection' if theirs == 'direct' else 'PgBouncer'}", ">=", limit,
               [(row.case.title, row.ratio("rate", theirs=theirs)) for row in large if row.ratio("rate", theirs=theirs)])


def _ratios(rows, field, clients, ours="pgweir", theirs="pgbouncer"):
    return [(f"{row.case.title} {row.case.clients}:", row.ratio(field, ours, theirs)) for row in rows
            if row.case.clients in clients and row.ratio(field, ours, theirs)]
