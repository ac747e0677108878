"""From runs.csv to a table in Markdown and a chart in SVG; no number is written by hand."""

import csv
import re
from collections import defaultdict
from statistics import median, quantiles

BEGIN, END = "<!-- made by benches/peers/run: begin -->", "<!-- made by benches/peers/run: end -->"
ROUND_TRIP_S = 0.2
LABELS = {"first": "first provisioning", "converged": "converged", "one-line": "one line changed", "check": "check"}
COLOURS = {
    "mailprov": "#1b7f4d", "shell": "#7a7a7a", "pyinfra": "#3b6fb5", "mitogen": "#b5793b", "ansible": "#b53b3b",
    "ssh-true": "#c8c8c8",
}
# (title, row, link, hosts, our figure, the other's tool, limit)
RATIOS = (
    ("converged, 1 host / `ssh host true`", "converged", "lan", 1, "ssh-true", 1.3),
    ("converged, 32 hosts / 32 `ssh host true`", "converged", "lan", 32, "ssh-true", 1.3),
    ("first provisioning, 1 host / shell script", "first", "lan", 1, "shell", 1.1),
)


def read(path):
    groups = defaultdict(list)
    with open(path, newline="") as file:
        for line in csv.DictReader(file):
            key = (line["row"], line["link"], int(line["hosts"]), line["tool"])
            groups[key].append({name: float(line[name]) for name in list(line)[4:]})
    return groups


def spread(values):
    if len(values) < 4:
        return f"{min(values):.2f}–{max(values):.2f}"
    low, _, high = quantiles(values, n=4)
    return f"{low:.2f}–{high:.2f}"


def paired_ratio(groups, row, link, hosts, tool, other):
    """Median of the ratios within each repeat: what slows the machine for a while slows both."""
    ours = {run["repeat"]: run["wall_s"] for run in groups.get((row, link, hosts, tool), [])}
    theirs = {run["repeat"]: run["wall_s"] for run in groups.get((row, link, hosts, other), [])}
    ratios = [ours[repeat] / theirs[repeat] for repeat in ours if repeat in theirs]
    return median(ratios) if ratios else None


def table(groups):
    lines = [
        "| job | link | hosts | tool | wall, s | quartiles | ÷ mailprov | processor, s | memory without ssh, MB | sent, kB "
        "| received, kB | round trips |",
        "|---|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for (row, link, hosts, tool), runs in groups.items():
        middle = {name: median(run[name] for run in runs) for name in runs[0]}
        ratio = paired_ratio(groups, row, link, hosts, tool, "mailprov")
        near = groups.get((row, "lan", hosts, tool))
        trips = ""
        if link == "slow" and near:
            waited = middle["wall_s"] - median(run["wall_s"] for run in near)
            trips = f"{waited / ROUND_TRIP_S:.1f}"
        cells = [
            LABELS[row], link, str(hosts), tool, f"{middle['wall_s']:.2f}",
            spread([run["wall_s"] for run in runs]), f"{ratio:.2f}" if ratio else "", f"{middle['cpu_s']:.2f}",
            f"{middle['peak_without_ssh_bytes'] / 1e6:.0f}", f"{middle['sent_bytes'] / 1e3:.0f}",
            f"{middle['received_bytes'] / 1e3:.0f}", trips,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def budgets(groups):
    lines = ["| budget | limit | seen |", "|---|--:|--:|"]
    for title, row, link, hosts, other, limit in RATIOS:
        ratio = paired_ratio(groups, row, link, hosts, "mailprov", other)
        if ratio is not None:
            lines.append(f"| {title} | {limit} | {ratio:.2f}{'' if ratio <= limit else ' (missed)'} |")
    slow, near = (groups.get(("converged", link, 1, "mailprov")) for link in ("slow", "lan"))
    far, close = (groups.get(("converged", link, 1, "ssh-true")) for link in ("slow", "lan"))
    if slow and near and far and close:
        def waited(there, here):
            return median(run["wall_s"] for run in there) - median(run["wall_s"] for run in here)

        # `ssh host true` waits for two after the handshake: the channel is opened, the command runs.
        trips = (waited(slow, near) - waited(far, close)) / ROUND_TRIP_S + 2
        lines.append(f"| round trips beyond the ssh handshake, converged | 4 | {trips:.1f} |")
    few, many = (groups.get(("converged", "lan", hosts, "mailprov")) for hosts in (1, 32))
    if few and many:
        def memory(runs):
            return median(run["peak_without_ssh_bytes"] for run in runs)

        each = (memory(many) - memory(few)) / 31 / 1e6
        lines.append(f"| controller's memory a host beyond ssh, MB | 2 | {each:.2f} |")
    return lines


def chart(groups):
    """Bars of medians, a panel for each job; logarithmic, so that equal ratios are equal lengths."""
    from math import log10

    width, left, bar, gap = 860, 230, 15, 26
    panels, y = [], 30
    walls = [median(run["wall_s"] for run in runs) for runs in groups.values()]
    low, high = 10 ** (int(log10(min(walls))) - 1), max(walls) * 1.3

    def x(seconds):
        return left + (width - left - 80) * log10(seconds / low) / log10(high / low)

    last = None
    for (row, link, hosts, tool), runs in groups.items():
        if (row, link, hosts) != last:
            y += gap
            last = (row, link, hosts)
            far = ", 100 ms each way" if link == "slow" else ""
            title = f"{LABELS[row]}, {hosts} host{'s' if hosts > 1 else ''}{far}"
            panels.append(f'<text x="10" y="{y - 5}" font-weight="bold">{title}</text>')
        seconds = median(run["wall_s"] for run in runs)
        panels.append(
            f'<text x="{left - 8}" y="{y + 11}" text-anchor="end">{tool}</text>'
            f'<rect x="{left}" y="{y}" width="{x(seconds) - left:.1f}" height="{bar - 3}" fill="{COLOURS[tool]}"/>'
            f'<text x="{x(seconds) + 5:.1f}" y="{y + 11}">{seconds:.2f} s</text>'
        )
        y += bar
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 20}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{y + 20}" fill="white"/>'
        '<text x="10" y="20">Median wall time (logarithmic; shorter is better)</text>'
    )
    return head + "\n".join(panels) + "</svg>\n"


def write(results, docs):
    groups = read(results / "runs.csv")
    (results / "chart.svg").write_text(chart(groups))
    machine = (results / "machine.txt").read_text().splitlines()
    text = "\n".join(budgets(groups) + [""] + table(groups) + [""] + [f"    {line}" for line in machine])
    (results / "table.md").write_text(text + "\n")
    print(text)
    if docs:
        page = docs.read_text()
        docs.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n\n{text}\n\n{END}", page, flags=re.DOTALL))
