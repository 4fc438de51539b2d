"""Changes of a run's labels: title, tags, note, group and star, as people edit them after the fact."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, TypeAlias

from gitexp.errors import InvalidName
from gitexp.model.record import RunInfo

MAX_TAG = 100
MAX_LINE = 500
"""Characters of a title or the name of a group."""
MAX_NOTE = 100_000
"""Characters."""
_SHOWN = 60


class Keep(Enum):
    """Stands for a label that an edit leaves as it is; None clears one."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
Text: TypeAlias = str | Keep | None


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to become of a run's labels. Raises InvalidName for what cannot be one."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    title: Text = KEEP
    note: Text = KEEP
    append_note: str | None = None
    """Text to put below the note, after `note` was set."""
    group: Text = KEEP
    star: bool | Keep = KEEP

    def __post_init__(self) -> None:
        for tag in self.add_tags:
            check_tag(tag)
        for what, text in (("title", self.title), ("group", self.group)):
            if isinstance(text, str):
                _check_line(what, text)
        for text in (self.note, self.append_note):
            if isinstance(text, str):
                _check_note(text)
        both = sorted(set(self.add_tags) & set(self.remove_tags))
        if both:
            raise InvalidName(
                f"tag {both[0]!r} is both added and removed", hint=f"git exp tag RUN +{both[0]}"
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which labels it is about: `tags`, `note` and so on."""
        return tuple(kind for kind, _ in self._told())

    def __str__(self) -> str:
        """The edit in one line: `tag +a -b`, `title 'wide and deep'`."""
        return ", ".join(told for _, told in self._told())

    def applied(self, info: RunInfo) -> RunInfo:
        """`info` with the labels changed."""
        note = info.note if self.note is KEEP else self.note or None
        if self.append_note:
            note = f"{note.rstrip()}\n{self.append_note}" if note else self.append_note
            _check_note(note)
        return replace(
            info,
            tags=tuple(sorted((set(info.tags) | set(self.add_tags)) - set(self.remove_tags))),
            title=info.title if self.title is KEEP else self.title or None,
            group=info.group if self.group is KEEP else self.group or None,
            star=info.star if self.star is KEEP else self.star,
            note=note,
        )

    def _told(self) -> Iterator[tuple[str, str]]:
        if self.add_tags or self.remove_tags:
            words = [*(f"+{tag}" for tag in self.add_tags), *(f"-{tag}" for tag in self.remove_tags)]
            yield "tags", f"tag {_short(' '.join(words))}"
        if self.title is not KEEP:
            yield "title", f"title {_short(self.title)!r}" if self.title else "no title"
        if self.group is not KEEP:
            yield "group", f"group {_short(self.group)!r}" if self.group else "no group"
        if self.note is not KEEP or self.append_note:
            yield "note", "no note" if not self.note and not self.append_note else "note"
        if self.star is not KEEP:
            yield "star", "star" if self.star else "no star"


def labels_of(info: RunInfo) -> dict[str, Any]:
    """The labels of a run by name, tags as a sorted list."""
    return {
        "title": info.title,
        "group": info.group,
        "note": info.note,
        "star": info.star,
        "tags": sorted(set(info.tags)),
    }


def edit_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Edit:
    """The edit that makes the labels `after` of those that are `before`."""
    old, new = set(before["tags"]), set(after["tags"])
    changed = {key: after[key] for key in ("title", "group", "note", "star") if before[key] != after[key]}
    return Edit(add_tags=tuple(sorted(new - old)), remove_tags=tuple(sorted(old - new)), **changed)


def check_tag(text: str) -> None:
    """Raises InvalidName for what cannot be a tag: a tag is one word on a command line."""
    if not text or len(text) > MAX_TAG:
        raise InvalidName(f"invalid tag {_short(text)!r}", hint=f"a tag has 1 to {MAX_TAG} characters")
    if "," in text or text[0] in "+-" or any(c.isspace() or _unfit(c) for c in text):
        raise InvalidName(
            f"invalid tag {_short(text)!r}",
            hint="a tag is one word without commas that does not begin with '+' or '-'",
        )


def _check_line(what: str, text: str) -> None:
    if len(text) > MAX_LINE:
        raise InvalidName(f"the {what} is {len(text)} characters long", hint=f"use at most {MAX_LINE}")
    if not text.strip():
        raise InvalidName(f"the {what} is empty", hint=f"git exp {what} RUN --clear")
    if any(map(_unfit, text)):
        raise InvalidName(
            f"invalid {what} {_short(text)!r}", hint="use one line of text without control characters"
        )


def _check_note(text: str) -> None:
    if len(text) > MAX_NOTE:
        raise InvalidName(f"the note is {len(text)} characters long", hint=f"use at most {MAX_NOTE}")
    if any(_unfit(c) for c in text if c not in "\n\t"):
        raise InvalidName("the note holds control characters", hint="use plain text")


_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _unfit(character: str) -> bool:
    """Whether a terminal would act on it, or a reader be misled by it; joiners of letters are fine."""
    return character in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
