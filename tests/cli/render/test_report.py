"""A report says what it says in each of its forms, and nothing that others wrote is more than text."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.cli.render.report_document import BAD, GOOD, Cell, Chapter, Document, Part
from gitexp.cli.render.report_html import report_html
from gitexp.cli.render.report_markdown import report_markdown
from gitexp.cli.render.report_page import report_page
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen

HOSTILE = (
    *("<script>alert(1)</script>", "a|b", "@all", "![x](http://e.x/i.png)", "`c`", "</code>", "<!--", "&lt;"),
    *(
        "**b**",
        "#1",
        "www.x.y",
        "a@b.c",
        "$x$",
        "\\",
        "~~s~~",
        "</summary></details>",
        "\"'>",
        "[ ] x",
        ":+1:",
    ),
)
texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=20), st.tuples(*[st.sampled_from(HOSTILE)] * 2).map("".join)
)
shown = texts.map(safe).map(lambda text: text[:40])


def part(names: int, folded: bool, subject: str, cells: list[str]) -> Part:
    rows = [[Cell(cell, tone) for tone in (None, GOOD, BAD)[:names]] for cell in cells]
    return Part("Part", ["One", "Two", "Three"][:names], rows, (1,), folded, subject)


parts = st.builds(part, st.integers(1, 3), st.booleans(), shown, st.lists(shown, max_size=3))
chapters = st.builds(
    Chapter,
    run=shown,
    status=shown,
    warnings=st.lists(shown, max_size=2),
    summary=st.just("1 better"),
    parts=st.lists(parts, max_size=2),
    facts=st.lists(st.lists(shown.map(Cell), max_size=2), max_size=1),
)
documents = st.builds(
    Document,
    base=shown,
    how=shown,
    notes=st.lists(shown, max_size=2),
    chapters=st.lists(chapters, max_size=2),
)


def foreign(found: Document) -> list[str]:
    """Every text of somebody else's in it."""
    told = [found.base, found.how, *found.notes]
    for one in found.chapters:
        told += [one.run, one.status, *one.warnings, *(cell.text for fact in one.facts for cell in fact)]
        told += [each.subject for each in one.parts]
        told += [cell.text for each in one.parts for row in each.rows for cell in row]
    return [text for text in told if text]


class Seen(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.add(f"comment {data}")


_HTML = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "section", "bdi"),
    *("details", "summary", "div", "table", "thead", "tbody", "tr", "th", "td"),
}


@settings(max_examples=60)
@given(documents)
def test_a_page_holds_the_texts_and_only_our_tags(found: Document) -> None:
    seen = Seen("\n".join(report_html(found)))
    assert seen.tags <= _HTML
    assert seen.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    for text in foreign(found):
        assert text in seen.text


_CODE = re.compile(r"<code>[^<>|`*@\[\]]*</code>")


@settings(max_examples=60)
@given(documents)
def test_markdown_holds_the_texts_and_only_our_marks(found: Document) -> None:
    lines = report_markdown(found)
    for line in lines[1:]:
        rest = _CODE.sub("", line)
        rest = re.sub(r"</?(details|summary)>", "", rest)
        assert not re.search(r"[<>`@\[\]\\~$_]", rest.replace("Base -> run", "")), line
        assert "\n\n" not in line
    rows = [line for line in lines if line.startswith("| ")]
    for one, other in pairwise(rows):
        if other.startswith("| ---"):
            assert one.count("|") == other.count("|")
    told = unescape(re.sub("</?code>", "", "\n".join(lines)))
    for text in foreign(found):
        assert text in told


@settings(max_examples=60)
@given(documents)
def test_a_terminal_gets_the_texts(found: Document) -> None:
    page = "\n".join(report_page(found, Screen()))
    for text in foreign(found):
        assert text.strip() in page


def test_markdown_is_no_longer_than_a_comment_may_be() -> None:
    long = Part("Params", ["", "Base", "Run"], [[Cell("&" * 60)] * 3] * 60, folded=True)
    short = Part("Metrics", ["Metric"], [[Cell("acc")]])
    one = Chapter("run", "finished", [], "1 better", [short, long, long], [])
    text = "\n".join(report_markdown(Document("base", "commit 1", [], [one] * 40)))
    assert 55_000 < len(text) < 65_536
    assert "Left out: too long" in text
    assert text.count("<details>") == text.count("</details>")
    assert "Left out" not in "\n".join(
        report_markdown(Document("base", "commit 1", [], [one._replace(parts=[short])]))
    )


def test_what_is_better_and_worse_is_told_by_more_than_colour() -> None:
    cells = [
        [Cell("acc"), Cell("▲ +1", GOOD, foreign=False)],
        [Cell("loss"), Cell("▲ +1", BAD, foreign=False)],
    ]
    one = Chapter("run", "finished", [], "1 better", [Part("Metrics", ["Metric", "Change"], cells, (1,))], [])
    found = Document("base", "commit 1", [], [one, one])
    markdown = "\n".join(report_markdown(found))
    assert "| <code>acc</code> | 🟢 ▲ +1 |\n| <code>loss</code> | 🔴 ▲ +1 |" in markdown
    assert markdown.count("<details><summary><code>run</code> against <code>base</code>: 1 better") == 1
    page = "\n".join(report_html(found))
    assert '<td class="right good">▲ +1</td>' in page
    assert "script" not in page
    assert "http://" not in page + markdown
    assert "https://" not in page + markdown
