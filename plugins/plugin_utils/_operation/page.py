# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one HTML file that needs nothing else: no network, no script. Pure.

The picture has a row a node with its steps, and below them a row with what clients noticed. What it shows stands in the
tables as well.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from html import escape
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core import clock
from ansible_collections.uplift.datastores.plugins.module_utils._operation import report_text
from ansible_collections.uplift.datastores.plugins.module_utils._operation.report import NOT_MEASURED
from ansible_collections.uplift.datastores.plugins.module_utils._operation.report_text import Table

Report = Mapping[str, Any]

LEFT, WIDE, ROW, BAR = 150, 1000, 26, 16  # of the picture, in its own units: names, whole width, a row, a bar in it
NARROWEST = 2.0  # of a bar
LOUD = {"stop": "away", "activate": "switch", "restart": "away", "start": "away", "restore": "switch"}
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --rule: #c8cdd3; --soft: #57606a; --good: #1a7f37;
  --bad: #b42318; --step: #5b7fb4; --away: #a65e00; --switch: #7a4bb0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #16191d; --rule: #3d444d; --soft: #9aa4af;
  --good: #4cc26a; --bad: #ff7b6e; --step: #7ea4dc; --away: #e0973a; --switch: #b691e8; } }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; min-width: 38rem;
  font-size: .9rem; overflow-wrap: break-word; }
th, td { border-bottom: 1px solid var(--rule); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
svg { width: 100%; min-width: 40rem; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.step { fill: var(--step); } .away { fill: var(--away); } .switch { fill: var(--switch); } .failed { fill: var(--bad); }
.served { fill: var(--good); } .outage { fill: var(--bad); } .axis { stroke: var(--rule); }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
@media print { body { max-width: none; padding: 0; font-size: 11px; } .wide { overflow: visible; }
  h2 { break-after: avoid; } tr { break-inside: avoid; } svg { min-width: 0; } }
"""


def html(report: Report) -> str:
    """All of it; text of others, as what a program said, stands there as text."""
    name, result = report_text.title(report), report_text.result(report)
    good = report.get("result") == "finished" and not report.get("not_compared") and not report.get("differences")
    body = [f"<h1>{escape(name)}</h1>", f'<p class="{"good" if good else "bad"}"><strong>{escape(result)}</strong></p>']
    body += [
        "<dl>",
        *(f"<dt>{escape(at)}</dt><dd>{escape(str(text))}</dd>" for at, text in report_text.facts(report)),
        "</dl>",
    ]
    body += _picture(report)
    for table in report_text.tables(report):
        body += _table(table)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(name)}</title>'
    page = "\n".join(body)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}<style>{STYLE}</style></head>\n<body><main>\n{page}\n</main>'
        "</body>\n</html>\n"
    )


def _table(table: Table) -> list[str]:
    lines = [f"<h2>{escape(table.title)}</h2>"]
    if table.rows:
        cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
        rows = ["<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in table.rows]
        # A region that scrolls has to be reached by the keyboard, too.
        lines += [f'<div class="wide" tabindex="0" role="region" aria-label="{escape(table.title)}"><table>']
        lines += [f"<thead><tr>{cells}</tr></thead><tbody>", *rows, "</tbody></table></div>"]
    else:
        lines.append(f"<p>{NOT_MEASURED.capitalize() if table.rows is None else 'None'}.</p>")
    return lines + [f"<p>{escape(said)}</p>" for said in table.said]


def _picture(report: Report) -> list[str]:
    """Nothing where nothing has a time: a run that never began."""
    spans = [(row, span) for row in report.get("passes") or [] for span in row.get("spans") or []]
    if not spans:
        return []
    began = min(span["started"] for _row, span in spans)
    ended = max(max(span["finished"] for _row, span in spans), began + 1)
    scale = Scale(began, ended)
    nodes = list(dict.fromkeys(span["node"] for _row, span in spans))
    lines = [_name(number, node) for number, node in enumerate(nodes)]
    lines += [_bar(scale, nodes.index(span["node"]), row, span) for row, span in spans]
    lines += _clients(scale, len(nodes), report.get("probe") or {})
    high = (len(nodes) + 1) * ROW + 30
    lines += _axis(scale, high)
    return [
        "<h2>What happened when</h2>",
        '<div class="wide" tabindex="0" role="region" aria-label="What happened when">',
        f'<svg viewBox="0 0 {WIDE} {high}" role="img" aria-labelledby="picture">',
        '<title id="picture">Steps of each node over time, and below them what clients noticed</title>',
        *lines,
        "</svg></div>",
        "<p>Amber: the service of a node stops or starts. Violet: another release. Red: a step that failed, and in the"
        " row of the clients a time without service. Point at a bar for its step and its time.</p>",
    ]


class Scale:
    """Seconds since 1970 -> where in the picture."""

    def __init__(self, began: float, ended: float) -> None:
        self.began, self.ended = began, ended

    def at(self, moment: float) -> float:
        inside = min(max(moment, self.began), self.ended)
        return LEFT + (WIDE - LEFT - 10) * (inside - self.began) / (self.ended - self.began)

    def rect(self, row: int, began: float, ended: float, kind: str, said: str) -> str:
        left, right = self.at(began), self.at(ended)
        wide = max(right - left, NARROWEST)
        top = row * ROW + (ROW - BAR) / 2
        return (
            f'<rect class="{kind}" x="{left:.1f}" y="{top:g}" width="{wide:.1f}" height="{BAR}"><title>{escape(said)}'
            "</title></rect>"
        )


def _name(row: int, text: str) -> str:
    return f'<text x="0" y="{row * ROW + ROW / 2 + 4:g}">{escape(text[:22])}</text>'


def _bar(scale: Scale, number: int, row: Report, span: Report) -> str:
    kind = "failed" if span["state"] == "running" else LOUD.get(row["step"], "step")
    took = span["finished"] - span["started"]
    said = f"{span['node']}: {row['pass']}, {row['step']}, {clock.span(took)}" + ", not finished" * (kind == "failed")
    return scale.rect(number, span["started"], span["finished"], kind, said)


def _clients(scale: Scale, number: int, probe: Report) -> list[str]:
    seen = report_text.spans(probe)
    if not seen:
        return [_name(number, "clients"), f'<text x="{LEFT}" y="{number * ROW + 17}">{NOT_MEASURED}</text>']
    lines = [
        _name(number, "clients"),
        *(scale.rect(number, since, until, "served", "measured") for since, until in seen),
    ]
    for one in probe.get("outages") or []:
        said = f"no service ({one['of']}) for {clock.span(one['until'] - one['since'])}"
        lines.append(scale.rect(number, one["since"], one["until"], "outage", said))
    return lines


def _axis(scale: Scale, high: int) -> list[str]:
    """Five times of day, UTC as in the tables."""
    lines = [f'<line class="axis" x1="{LEFT}" x2="{WIDE - 10}" y1="{high - 24}" y2="{high - 24}"/>']
    for part in range(5):
        moment = scale.began + (scale.ended - scale.began) * part / 4
        anchor = _ANCHORS.get(part, "middle")
        text = time.strftime("%H:%M:%S", time.gmtime(moment))
        lines.append(f'<text x="{scale.at(moment):.1f}" y="{high - 8}" text-anchor="{anchor}">{text}</text>')
    return lines


_ANCHORS: Mapping[int, str] = {0: "start", 4: "end"}
