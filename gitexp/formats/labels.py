"""`run.yaml` with other labels and everything else as it stands."""

from __future__ import annotations

from collections.abc import Mapping

from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import load
from gitexp.formats.record import RUN, decode_info, info_value
from gitexp.model.record import RunInfo


def relabelled(data: bytes, info: RunInfo) -> bytes:
    """The file `data` with what `info` says; keys that this gitexp does not know stay.

    Raises BrokenRecord or NewerFormat where `data` cannot be read.
    """
    before = info_value(decode_info(data, name=info.name))
    written = load(data, what=RUN)
    assert isinstance(written, Mapping)
    unknown = {key: value for key, value in written.items() if key not in before}
    after = info_value(info)
    return dump({**after, **{key: value for key, value in unknown.items() if key not in after}})
