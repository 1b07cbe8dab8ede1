"""The throughput of every pgbench case as an SVG of bars, relative to PgBouncer in the same rounds."""
from xml.sax.saxutils import escape

LABEL, BAR, WIDTH, GAP, TOP = 210, 320, 640, 26, 56


def chart(rows):
    bars = [(f"{row.case.title}, {row.case.clients}", row.ratio("rate"), row.ratio("cpu_us"))
            for row in rows if row.case.unit == "tps" and row.ratio("rate") is not None]
    most = max([1.0] + [value for _, tps, cpu in bars for value in (tps, cpu or 0)]) * 1.05
    height = TOP + GAP * len(bars) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        "<style>text{fill:#222}.t{fill:#2b6cb0}.c{fill:#b0bec5}line{stroke:#888}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}.c{fill:#607d8b}}</style>",
        f'<text x="10" y="20" font-size="14">pgweir to PgBouncer: throughput and CPU time per transaction</text>',
        f'<rect class="t" x="10" y="32" width="12" height="8"/><text x="28" y="40">throughput, more is better</text>',
        f'<rect class="c" x="210" y="32" width="12" height="8"/><text x="228" y="40">CPU time, less is better</text>']
    for index, (label, tps, cpu) in enumerate(bars):
        y = TOP + index * GAP
        parts.append(f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect class="t" x="{LABEL}" y="{y + 2}" width="{tps / most * BAR:.0f}" height="9"/>')
        if cpu is not None:
            parts.append(f'<rect class="c" x="{LABEL}" y="{y + 12}" width="{cpu / most * BAR:.0f}" height="7"/>')
        parts.append(f'<text x="{LABEL + BAR + 8}" y="{y + 14}">{tps:.2f}' + ("" if cpu is None else f" / {cpu:.2f}") + "</text>")
    one = LABEL + BAR / most
    parts.append(f'<line x1="{one:.0f}" x2="{one:.0f}" y1="{TOP - 4}" y2="{TOP + GAP * len(bars)}" stroke-dasharray="3 3"/>')
    parts.append(f'<text x="{one:.0f}" y="{height - 6}" text-anchor="middle">PgBouncer = 1</text>')
    return "\n".join(parts + ["</svg>", ""])
