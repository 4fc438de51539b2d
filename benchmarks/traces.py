"""What spans of agents cost: their size as they are written, packed, and pooled; and picking up 10,000."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import zstandard

from benchmarks._measure import Chosen, Comparison, in_turns, tell
from gitexp.capture.live import Live
from gitexp.capture.span_folder import span_files
from gitexp.formats.packed_lines import pack
from gitexp.formats.redact import Redactor
from gitexp.formats.spans import encode
from gitexp.interop.spans_told import told
from gitexp.model.calls import Content
from gitexp.ops.record_folder import Traces
from gitexp.ops.traces.gathering import gather

TURNS = (5, 30, 100)
SPANS, QUICK_SPANS = 10_000, 500
ROUNDS = 3
_STARTS, _ENDS = "ta re mo si ku lan".split(), "do ver ming st per n".split()
_WORDS = [start + end for start in _STARTS for end in _ENDS]


def main(chosen: Chosen) -> Iterator[Comparison]:
    """Picking spans up (parsed, masked, pooled, packed, summed) against parsing their lines."""
    for turns in TURNS:
        _sizes(turns)
    spans = QUICK_SPANS if chosen.quick else SPANS
    with tempfile.TemporaryDirectory() as folder:
        live = Live(Path(folder))
        live.traces.mkdir()
        lines = [line for number in range(spans // 20) for line in _agent(10, number)]
        (live.traces / "1.jsonl").write_text("".join(lines))

        def ours() -> None:
            trace = gather(
                Traces(live.traces, span_files(live.traces)), Redactor(()), Content.ARTIFACT, print
            )
            assert len(trace.spans) == len(lines)
            pack(encode(trace))
            told(trace.spans)

        def parse() -> None:
            for line in (live.traces / "1.jsonl").read_bytes().splitlines():
                json.loads(line)

        pairs = in_turns(ours, parse, chosen.rounds(ROUNDS))
        size = sum(map(len, lines)) / 1e6
        yield tell(f"{len(lines)} spans picked up ({size:.0f} MB)", "parsing them", pairs, budget=None)


def _sizes(turns: int) -> None:
    lines = _agent(turns, 1)
    raw = "".join(lines).encode()
    with tempfile.TemporaryDirectory() as folder:
        live = Live(Path(folder))
        live.traces.mkdir()
        (live.traces / "1.jsonl").write_bytes(raw)
        trace = gather(Traces(live.traces, span_files(live.traces)), Redactor(()), Content.ARTIFACT, print)
    pooled = "".join(encode(trace)).encode()
    each = [one / 1000 for data in (raw, pooled) for one in _packed(data)]
    names = "raw gzip zstd pooled pooled+gzip pooled+zstd".split()
    print(f"{turns} turns:", ", ".join(f"{name} {kb:.1f} kB" for name, kb in zip(names, each, strict=True)))


def _packed(data: bytes) -> tuple[int, int, int]:
    """Bytes as they are, and packed both ways."""
    return len(data), len(gzip.compress(data, 9)), len(zstandard.ZstdCompressor(level=9).compress(data))


def _agent(turns: int, seed: int) -> list[str]:
    """One conversation: each call of the model repeats what was said before it, and each is followed by a
    call of a tool."""
    random = Random(seed)
    trace, start = f"{seed + 1:032x}", 1_700_000_000_000_000_000
    said: list[Any] = [_message("system", random, 60), _message("user", random, 40)]
    lines = []
    for turn in range(turns):
        answer = _message("assistant", random, 50)
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o-2024-08-06",
            "gen_ai.request.temperature": 0.2,
            "gen_ai.usage.input_tokens": 100 * turn,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.input.messages": json.dumps(said),
            "gen_ai.output.messages": json.dumps([answer]),
            "gitexp.example.id": f"q{seed}",
            "gitexp.suite": "qa",
        }
        lines.append(_span(trace, 2 * turn + 1, start + turn * 10**9, "chat gpt-4o", attributes))
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}
        lines.append(_span(trace, 2 * turn + 2, start + turn * 10**9 + 10**8, "execute_tool search", tool))
        said += [answer, _message("tool", random, 120)]
    return lines


def _span(trace: str, number: int, start: int, name: str, attributes: dict[str, Any]) -> str:
    ids = {"trace_id": f"0x{trace}", "span_id": f"0x{number:016x}"}
    times = {"start_time": start, "end_time": start + 10**8}
    resource = {"attributes": {"service.name": "agent", "telemetry.sdk.name": "opentelemetry"}}
    told = {"name": name, "context": ids, "kind": "SpanKind.CLIENT", **times, "attributes": attributes}
    return json.dumps({**told, "events": [], "links": [], "resource": resource}) + "\n"


def _message(role: str, random: Random, words: int) -> dict[str, Any]:
    text = " ".join(random.choices(_WORDS, k=words))
    return {"role": role, "parts": [{"type": "text", "content": text}]}
