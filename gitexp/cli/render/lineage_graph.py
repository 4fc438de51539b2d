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
        graph.arrows[_Arrow(graph.run(kin.old), graph.run(kin.new), kin.kind)] = None
    return graph


def mermaid(found: Lineage) -> Iterator[str]:
    """A flowchart: https://mermaid.js.org/syntax/flowchart.html."""
    graph = _graph(found)
    yield "flowchart TD"
    for name, nodes in graph.runs.items():
        node = f'{nodes[None]}["{_for_mermaid(name)}"]'
        if len(nodes) == 1:
            yield f"    {node}"
            continue
        yield f'    subgraph {nodes[None]}g["{_for_mermaid(name)}"]'
        yield f"        {node}"
        for step, id in nodes.items():
            if step is not None:
                yield f'        {id}("{_for_mermaid(step.name)}")'
        yield "    end"
    for oid, (id, path) in graph.contents.items():
        yield f'    {id}[/"{_for_mermaid(path)}<br/>{oid_text(oid)}"/]'
    for one in graph.arrows:
        yield f"    {one.source} {f'-. {one.text} .->' if one.text else '-->'} {one.target}"
    if graph.start:
        yield f"    style {graph.start} stroke-width:3px"


def dot(found: Lineage) -> Iterator[str]:
    """A digraph: https://graphviz.org/doc/info/lang.html."""
    graph = _graph(found)
    yield "digraph lineage {"
    yield "    node [fontname=sans, fontsize=11];"
    for name, nodes in graph.runs.items():
        node = f'{nodes[None]} [shape=box, label="{_for_dot(name)}"];'
        if len(nodes) == 1:
            yield f"    {node}"
            continue
        yield f"    subgraph cluster_{nodes[None]} {{"
        yield f'        label="{_for_dot(name)}";'
        yield f"        {node}"
        for step, id in nodes.items():
            if step is not None:
                yield f'        {id} [shape=box, style=rounded, label="{_for_dot(step.name)}"];'
        yield "    }"
    for oid, (id, path) in graph.contents.items():
        yield f'    {id} [shape=note, label="{_for_dot(path)}\\n{oid_text(oid)}"];'
    for one in graph.arrows:
        style = f' [style=dashed, label="{one.text}"]' if one.text else ""
        yield f"    {one.source} -> {one.target}{style};"
    if graph.start:
        yield f"    {graph.start} [penwidth=3];"
    yield "}"


WRITERS: dict[str, Callable[[Lineage], Iterator[str]]] = {"mermaid": mermaid, "dot": dot}


def _for_mermaid(text: str) -> str:
    """What stands between quotes: all that is neither letter nor digit by its number, but for a few marks."""
    kept = cut(safe(text), _WIDEST)
    return "".join(c if c.isalnum() or c in " _./:-" else f"#{ord(c)};" for c in kept)


def _for_dot(text: str) -> str:
    return cut(safe(text), _WIDEST).replace("\\", "\\\\").replace('"', '\\"')
