"""The lineage of a run or a content as a graph, in the languages of Mermaid and of Graphviz."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gitexp.cli.render.lineage_words import oid_text
from gitexp.cli.render.values import cut
from gitexp.cli.safe_text import safe
from gitexp.model.lineage import Lineage, Made, StepOf, Used

_WIDEST = 60
_INDENT = "    "


class _Arrow(NamedTuple):
    source: str
    target: str
    text: str = ""
    """Of a run that comes from another one; empty where a content was made or used."""


@dataclass(slots=True)
class _Graph:
    """Nodes by ids of our own: nothing that somebody else has written stands outside of a label."""

    start: str | None = None
    runs: dict[str, dict[StepOf | None, str]] = field(default_factory=dict)
    """Run -> the id of its node, and those of the steps that take part."""
    contents: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Content -> id and label."""
    arrows: dict[_Arrow, None] = field(default_factory=dict)

    def run(self, name: str, step: StepOf | None = None) -> str:
        nodes = self.runs.setdefault(name, {None: f"r{len(self.runs)}"})
        return nodes.setdefault(step, f"{nodes[None]}s{step.number if step else ''}")

    def content(self, oid: str, path: str) -> str:
        return self.contents.setdefault(oid, (f"c{len(self.contents)}", path))[0]

    def add(self, oid: str, at: Made | Used) -> None:
        place, content = self.run(at.run, at.step), self.content(oid, at.path)
        arrow = _Arrow(place, content) if isinstance(at, Made) else _Arrow(content, place)
        self.arrows[arrow] = None


def _graph(found: Lineage) -> _Graph:
    graph = _Graph()
    graph.start = graph.run(found.run) if found.run else None
    if found.oid:
        graph.start = graph.content(found.oid, found.label)
        for maker in found.makers:
            graph.add(found.oid, maker)
        for user in found.users:
            graph.add(found.oid, user)
    for link in found.links:
        graph.add(link.oid, link.made)
        graph.add(link.oid, link.used)
    for loose in (*found.sources, *found.unused):
        graph.add(loose.oid, loose.at)
    for kin in found.kin:
        graph.arrows[_Arrow(graph.run(kin.old), graph.run(kin.new), kin.kind.value)] = None
    return graph


class _Language(NamedTuple):
    """How the parts of a graph are written; `%(id)s` and `%(label)s` stand for what they are of."""

    begin: tuple[str, ...]
    run: str
    step: str
    group: tuple[str, str]
    """Before and after a run and its steps."""
    content: str
    arrow: str
    kin: str
    start: str
    end: tuple[str, ...]
    escaped: Callable[[str], str]


def _written(found: Lineage, to: _Language) -> Iterator[str]:
    graph = _graph(found)
    yield from to.begin
    for name, nodes in graph.runs.items():
        yield from _run(name, nodes, to)
    for oid, (id, path) in graph.contents.items():
        yield _INDENT + to.content % {"id": id, "label": to.escaped(path), "oid": oid_text(oid)}
    for one in graph.arrows:
        yield _INDENT + (to.kin if one.text else to.arrow) % one._asdict()
    if graph.start:
        yield _INDENT + to.start % {"id": graph.start}
    yield from to.end


def _run(name: str, nodes: dict[StepOf | None, str], to: _Language) -> Iterator[str]:
    """A run, in a group with those of its steps that take part."""
    told = {"id": nodes[None], "label": to.escaped(name)}
    if len(nodes) == 1:
        yield _INDENT + to.run % told
        return
    begin, end = to.group
    yield _INDENT + begin % told
    yield 2 * _INDENT + to.run % told
    for step, id in nodes.items():
        if step is not None:
            yield 2 * _INDENT + to.step % {"id": id, "label": to.escaped(step.name)}
    yield _INDENT + end


def _for_mermaid(text: str) -> str:
    """What stands between quotes: all that is neither letter nor digit by its number, but for a few marks."""
    kept = cut(safe(text), _WIDEST)
    return "".join(c if c.isalnum() or c in " _./:-" else f"#{ord(c)};" for c in kept)


def _for_dot(text: str) -> str:
    return cut(safe(text), _WIDEST).replace("\\", "\\\\").replace('"', '\\"')


_MERMAID = _Language(
    begin=("flowchart TD",),
    run='%(id)s["%(label)s"]',
    step='%(id)s("%(label)s")',
    group=('subgraph %(id)sg["%(label)s"]', "end"),
    content='%(id)s[/"%(label)s<br/>%(oid)s"/]',
    arrow="%(source)s --> %(target)s",
    kin="%(source)s -. %(text)s .-> %(target)s",
    start="style %(id)s stroke-width:3px",
    end=(),
    escaped=_for_mermaid,
)
"""A flowchart: https://mermaid.js.org/syntax/flowchart.html."""
_DOT = _Language(
    begin=("digraph lineage {", "    node [fontname=sans, fontsize=11];"),
    run='%(id)s [shape=box, label="%(label)s"];',
    step='%(id)s [shape=box, style=rounded, label="%(label)s"];',
    group=('subgraph cluster_%(id)s { label="%(label)s";', "}"),
    content='%(id)s [shape=note, label="%(label)s\\n%(oid)s"];',
    arrow="%(source)s -> %(target)s;",
    kin='%(source)s -> %(target)s [style=dashed, label="%(text)s"];',
    start="%(id)s [penwidth=3];",
    end=("}",),
    escaped=_for_dot,
)
"""A digraph: https://graphviz.org/doc/info/lang.html."""


def mermaid(found: Lineage) -> Iterator[str]:
    """The lines of a flowchart."""
    return _written(found, _MERMAID)


def dot(found: Lineage) -> Iterator[str]:
    """The lines of a digraph."""
    return _written(found, _DOT)


WRITERS: dict[str, Callable[[Lineage], Iterator[str]]] = {"mermaid": mermaid, "dot": dot}
