"""Whether a draft says of its params what its params files say: what the program reads is what counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gitexp.formats.assignment import has
from gitexp.merge.mappings import Key, changes
from gitexp.model.missing import Missing
from gitexp.model.values import Oid, Value
from gitexp.ops.merging import params
from gitexp.ops.merging.choices import Side
from gitexp.ops.merging.params import Params
from gitexp.ops.merging.steps import KeyConflict, Merge, Merging


def agreed(merging: Merging, done: Merge, *, follow: bool = False) -> Merge:
    """`done`, where its params are those of its files, or the conflicts between them.

    What a run itself recorded otherwise than its files have it, because its program set it, may differ. Where
    files were taken whole, or `follow` says so, the params are those of the files; what the user decided is
    written into the files. Raises BrokenFile.
    """
    there = merging.masked(merging.values_in(done.tree))
    wrong = changes(there, done.params)
    if wrong:
        own = [key for side in merging.nodes.values() for key in _apart(merging, side.tree, side.params)]
        wrong = {key: value for key, value in wrong.items() if not any(_touch(key, one) for one in own)}
    given = [one.key for one in merging.choices.assignments]
    decided: dict[Key, Value | Missing] = {}
    values, left = done.params, list[Key]()
    for key in wrong:
        side = merging.choices.of_param(key)
        if key in given:
            decided[key] = params.value_at(values, key)
        elif isinstance(side, Side):
            run = merging.runs[0 if side is Side.OURS else done.looked_at - 1]
            decided[key] = params.value_at(merging.nodes[run.commit].params, key)
            values = params.put(values, key, decided[key])
        elif follow or done.chosen:
            values = params.put(values, key, params.value_at(there, key))
        else:
            left.append(key)
    return replace(
        done,
        tree=merging.written(done.tree, decided),
        params=values,
        keys=(*done.keys, *_conflicts(merging, done, left)),
        settled=(*done.settled, *decided),
    )


def _apart(merging: Merging, tree: Oid, recorded: Params) -> Mapping[Key, Value | Missing]:
    """What is recorded otherwise than the files of a tree have it."""
    return changes(merging.masked(merging.values_in(tree)), recorded)


def _touch(key: Key, other: Key) -> bool:
    shorter = min(len(key), len(other))
    return key[:shorter] == other[:shorter]


def _conflicts(merging: Merging, done: Merge, keys: Sequence[Key]) -> Iterator[KeyConflict]:
    files = merging.files_in(done.tree)
    base = params.common([merging.nodes[one].params for one in done.bases])
    runs = merging.runs[: done.looked_at]
    for key in keys:
        file = next((one.path for one in files if has(one.values, key)), files[0].path if files else None)
        values = (params.value_at(merging.nodes[run.commit].params, key) for run in runs)
        yield KeyConflict(key, params.value_at(base, key), tuple(values), file)
