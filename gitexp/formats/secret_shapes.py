"""What secrets look like when nothing names them: the published shapes of tokens, keys and credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MASK = "***"

_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_FLAT = bytes(ord("a") if byte in _WORD else ord(" ") for byte in range(256))
_LONG_WORD = b"a" * 16


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of secret. `needle` stands in each of them, so that text without it is never searched.

    The pattern is compiled when its needle is first met: compiling all takes longer than starting Python.
    """

    needle: str
    pattern: str
    replacement: str = MASK


def _shape(needle: str, pattern: str, replacement: str = MASK) -> Shape:
    return Shape(needle, pattern, replacement)


def _prefixed(prefix: str, body: str) -> Shape:
    """A token that starts with `prefix`; a letter or digit before it makes it part of another word."""
    return _shape(prefix, rf"(?<![A-Za-z0-9]){re.escape(prefix)}{body}")


# Every repeat is either bounded or stops where the next candidate starts: time stays linear on hostile text.
_ANYWHERE = (
    _shape(
        "PRIVATE KEY",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){0,40000}"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?",
    ),
    _shape("://", r"(?<=://)(?!git@)[^\s/?#\"'<>|\\]{1,512}@(?=[^\s@])", MASK + "@"),
)
# Each of these has at least 16 letters, digits, `_` and `-` in a row.
_TOKENS = (
    _prefixed("sk-", r"(?=[A-Za-z_-]{0,60}[0-9A-Z])[A-Za-z0-9_-]{20,}"),
    _prefixed("hf_", r"[A-Za-z0-9]{30,}"),
    _prefixed("api_org_", r"[A-Za-z0-9]{30,}"),
    _shape("gh", r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{30,}"),
    _prefixed("github_pat_", r"[A-Za-z0-9_]{22,}"),
    _shape("gl", r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt|ft|soat|agent|imt|oas|ffct)-[A-Za-z0-9_.-]{20,}"),
    _shape("IA", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
    _prefixed("AIza", r"[A-Za-z0-9_-]{35}"),
    _prefixed("ya29.", r"[A-Za-z0-9_-]{20,}"),
    _prefixed("GOCSPX-", r"[A-Za-z0-9_-]{20,}"),
    _shape("xox", r"(?<![A-Za-z0-9])xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{12,}"),
    _prefixed("xapp-", r"[A-Za-z0-9-]{20,}"),
    _shape("hooks.slack.com/", r"(?<=hooks\.slack\.com/)[a-z]{5,12}/[A-Za-z0-9/_+-]{10,}"),
    _shape("/api/webhooks/", r"(?<=/api/webhooks/)[0-9]{5,}/[A-Za-z0-9_-]{20,}"),
    _shape("k_", r"(?<![A-Za-z0-9])[rs]k_(?:live|test|prod)_[A-Za-z0-9]{16,}"),
    _prefixed("whsec_", r"[A-Za-z0-9+/=]{20,}"),
    _prefixed("npm_", r"[A-Za-z0-9]{36,}"),
    _prefixed("pypi-", r"[A-Za-z0-9_-]{50,}"),
    _prefixed("eyJ", r"[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{0,8192}){0,3}"),
    _prefixed("SG.", r"[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}"),
    _prefixed("r8_", r"[A-Za-z0-9]{30,}"),
    _prefixed("gsk_", r"[A-Za-z0-9]{30,}"),
    _prefixed("xai-", r"[A-Za-z0-9]{40,}"),
    _prefixed("pplx-", r"[A-Za-z0-9]{32,}"),
    _prefixed("nvapi-", r"[A-Za-z0-9_-]{30,}"),
    _prefixed("tgp_v1_", r"[A-Za-z0-9_-]{30,}"),
    _prefixed("fw_", r"[A-Za-z0-9]{20,}"),
    _prefixed("csk-", r"[A-Za-z0-9]{30,}"),
    _prefixed("pcsk_", r"[A-Za-z0-9_]{30,}"),
    _prefixed("lsv2_", r"(?:pt|sk)_[A-Za-z0-9_]{30,}"),
    _prefixed("tvly-", r"[A-Za-z0-9_-]{20,}"),
    _prefixed("jina_", r"[A-Za-z0-9_-]{40,}"),
    _prefixed("wandb_v1_", r"[A-Za-z0-9_]{30,}"),
    _prefixed("dapi", r"[a-f0-9]{32}(?:-[0-9])?(?![A-Za-z0-9])"),
    _prefixed("dop_v1_", r"[a-f0-9]{60,}"),
    _prefixed("dckr_", r"(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    _prefixed("hvs.", r"[A-Za-z0-9_-]{20,}"),
    _prefixed("glsa_", r"[A-Za-z0-9]{30,}_[A-Fa-f0-9]{8}"),
    _prefixed("shp", r"(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    _prefixed("lin_api_", r"[A-Za-z0-9]{30,}"),
    _prefixed("secret_", r"[A-Za-z0-9]{43}(?![A-Za-z0-9])"),
    _prefixed("ntn_", r"[A-Za-z0-9]{40,}"),
    _prefixed("figd_", r"[A-Za-z0-9_-]{30,}"),
    _prefixed("ATATT3", r"[A-Za-z0-9_=-]{50,}"),
    _prefixed("PMAK-", r"[a-f0-9]{24}-[a-f0-9]{34}"),
    _prefixed("AGE-SECRET-KEY-1", r"[0-9A-Z]{58}"),
    _shape(":AA", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    _shape("AccountKey=", r"(?<=AccountKey=)[A-Za-z0-9+/=]{20,}"),
    _shape("SharedAccessKey=", r"(?<=SharedAccessKey=)[A-Za-z0-9+/=]{20,}"),
)

# Searched in lower-cased text; group 1 is what to mask. Each begins with a literal, which is quick to find.
_LOWER = (
    r"bearer[ \t]{1,4}([a-z0-9_.~+/=-]{8,})",
    r"wandb login(?: --\S{1,40}){0,4} ([a-z0-9_-]{20,})",
    r"machine\s{1,4}\S{1,200}\s{1,4}login\s{1,4}\S{1,200}\s{1,4}password\s{1,4}(\S{1,400})",
    r"sig=([a-z0-9%+/=_-]{16,})",
    r"x-amz-(?:signature|security-token|credential)=([^&\s\"']{8,})",
    r"x-goog-(?:signature|security-token|credential)=([^&\s\"']{8,})",
    r"\?key=([a-z0-9_-]{20,})",
    r"&key=([a-z0-9_-]{20,})",
)


@cache
def lower_shapes() -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, _LOWER))


def mask_shapes(text: str) -> str:
    """`text` with everything that looks like a secret by itself masked."""
    for shape in _ANYWHERE:
        if shape.needle in text:
            text = re.sub(shape.pattern, shape.replacement, text)
    parts: list[str] = []
    done = 0
    for start, end in _lines_with_long_words(text):
        parts += (text[done:start], _mask_line(text[start:end]))
        done = end
    return "".join((*parts, text[done:])) if parts else text


def shape_told(text: str) -> str | None:
    """What a secret in `text` looks like, in words that tell nothing of it; None where there is none."""
    for shape in (*_ANYWHERE, *_TOKENS):
        if shape.needle in text and re.search(shape.pattern, text):
            return _TOLD.get(shape.needle, f"a token ({shape.needle}…)")
    return None


_TOLD = {
    "PRIVATE KEY": "a private key",
    "://": "a password in a URL",
    "gh": "a GitHub token",
    "github_pat_": "a GitHub token",
    "gl": "a GitLab token",
    "IA": "an AWS key",
    "AIza": "a Google API key",
    "hf_": "a Hugging Face token",
    "sk-": "an API key (sk-…)",
    "xox": "a Slack token",
    "eyJ": "a JSON web token",
    "/api/webhooks/": "the address of a webhook",
    ":AA": "the token of a bot",
}


def _mask_line(text: str) -> str:
    for shape in _TOKENS:
        if shape.needle in text:
            text = re.sub(shape.pattern, shape.replacement, text)
    return text


def _lines_with_long_words(text: str) -> Iterator[tuple[int, int]]:
    """Tokens are long words; two quick passes over bytes find the few lines of a log that have one."""
    flat = text.encode("latin-1", "replace").translate(_FLAT)
    at = flat.find(_LONG_WORD)
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield start, end
        at = flat.find(_LONG_WORD, end)
