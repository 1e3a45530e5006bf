# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: every figure in a table, and a plot of each measure over the number of nodes. Pure; nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from tests.bench.measured import Figure

WIDTH, HEIGHT, LEFT, BELOW = 640, 240, 60, 34
COLOURS = ("#1f6fb2", "#c2571a", "#2b8a3e", "#7a3fa0", "#666666")
MEASURES: tuple[tuple[str, Callable[[Figure], float]], ...] = (
    ("seconds", lambda one: one.seconds),
    ("seconds of processor time", lambda one: one.cpu),
    ("seconds of processor time per node", lambda one: one.cpu / one.nodes),
    ("MiB of the largest process", lambda one: one.memory),
    ("seconds without service", lambda one: one.outage),
)
NOT_MEASURED = (
    "300 nodes, and more than one node behind real SSH in the growth: a local connection stands for it.",
    "The limit: the product's own stop, archive and start alone.",
    "Backup and proof of a million small files and of 5 GiB, and metadata of 2 GB.",
    "Optimised binaries: the lab builds its own.",
)


def page(figures: Sequence[Figure], machine: Mapping[str, str]) -> str:
    said = "".join(f"<li>{escape(name)}: {escape(text)}</li>" for name, text in machine.items())
    plots = "".join(plot(figures, name, of) for name, of in MEASURES)
    rest = "".join(f"<li>{escape(text)}</li>" for text in NOT_MEASURED)
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>What an upgrade costs</title>'
        "<style>body{font:15px sans-serif;max-width:56em;margin:2em auto}td,th{padding:.2em .8em;text-align:right}"
        "td:first-child,th:first-child{text-align:left}</style>"
        f"<h1>What an upgrade costs</h1><ul>{said}</ul>{table(figures)}{plots}"
        f"<h2>Not measured</h2><ul>{rest}</ul></html>\n"
    )


def table(figures: Sequence[Figure]) -> str:
    names = ("what", "nodes", "seconds", "processor s", "MiB", "without service s", "failed requests", "of")
    rows = "".join(
        f"<tr><td>{escape(' '.join(filter(None, (one.what, one.note))))}</td>"
        + "".join(f"<td>{shown(value)}</td>" for value in _values(one))
        + "</tr>"
        for one in figures
    )
    return f"<table><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>{rows}</table>"


def line(one: Figure) -> str:
    """For who waits at a terminal."""
    met = f", {one.outage:g} s without service, {one.failed} of {one.requests} requests failed"
    cost = f"{one.seconds:g} s, {one.cpu:g} s of processor time, {one.memory} MiB"
    return f"{one.what}, {one.nodes} nodes: {cost}{met if one.outage >= 0 else ''}"


def shown(value: float) -> str:
    """-1 stands for what nobody was there to notice."""
    return "" if value < 0 else f"{value:g}"


def plot(figures: Sequence[Figure], name: str, of: Callable[[Figure], float]) -> str:
    """One line for each thing that was measured; "" where there is nothing to show."""
    known = [one for one in figures if of(one) >= 0]
    if not known:
        return ""
    most, widest = max(map(of, known)) or 1, max(one.nodes for one in known)
    lines = []
    for place, what in enumerate(dict.fromkeys(one.what for one in known)):
        colour = COLOURS[place % len(COLOURS)]
        points = [
            (LEFT + (WIDTH - LEFT - 20) * one.nodes / widest, HEIGHT - BELOW - (HEIGHT - BELOW - 20) * of(one) / most)
            for one in known
            if one.what == what
        ]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
        lines.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}')
        lines.append(f'<text x="{LEFT + 8}" y="{18 + 15 * place}" fill="{colour}" font-size="12">{escape(what)}</text>')
    return f"<h2>{escape(name)}</h2>{_axes(most, widest)}{''.join(lines)}</svg>"


def _axes(most: float, widest: int) -> str:
    floor = HEIGHT - BELOW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" role="img">'
        f'<path d="M{LEFT} 10V{floor}H{WIDTH - 10}" fill="none" stroke="#999"/>'
        f'<text x="{LEFT - 6}" y="24" text-anchor="end" font-size="12">{most:g}</text>'
        f'<text x="{LEFT - 6}" y="{floor}" text-anchor="end" font-size="12">0</text>'
        f'<text x="{WIDTH - 12}" y="{HEIGHT - 12}" text-anchor="end" font-size="12">{widest} nodes</text>'
    )


def _values(one: Figure) -> tuple[float, ...]:
    return one.nodes, one.seconds, one.cpu, one.memory, one.outage, one.failed, one.requests
