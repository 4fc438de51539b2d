"""What clients of OpenAI's and Anthropic's make are told to ask of a model: never what for, and no key.

Both have the same core: `_build_request` is given what is to be sent, `_process_response_data` each answer
and each part of a stream, for calls that wait, asynchronous ones and raw ones alike. Each fact is told once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

_CALLS = ("/chat/completions", "/completions", "/responses", "/messages")
SETTINGS = (
    *("temperature", "top_p", "top_k", "min_p", "n", "best_of", "stop", "stop_sequences", "logit_bias"),
    *("max_tokens", "max_completion_tokens", "max_output_tokens", "presence_penalty", "frequency_penalty"),
    *("reasoning", "reasoning_effort", "thinking", "verbosity", "text", "response_format", "output_config"),
    *("tool_choice", "parallel_tool_calls", "max_tool_calls", "service_tier", "logprobs", "top_logprobs"),
    *("truncation", "repetition_penalty"),
)
_MOST = 64
"""Facts of one kind about one model."""
_MOST_TEXT = 200
_MOST_NAME = 1000
"""A path's last part is what it is known by."""
_HOSTS = {"api.openai.com": "openai", "api.anthropic.com": "anthropic"}

_told: set[str] = set()
_counts: dict[tuple[str, str], int] = {}
_models: Any = WeakKeyDictionary()
"""A request -> who answers, and which model it asks for."""
_observe: Any = None


def install(module: Any, observe: Any, replace: Callable[..., None]) -> None:
    """Have a client's core tell what is sent through it."""
    global _observe
    _observe = observe
    package = module.__name__.partition(".")[0]
    replace(module.BaseClient, "_build_request", lambda real: _building(real, package))
    replace(module.BaseClient, "_process_response_data", _processing)


def _building(real: Any, package: str) -> Any:
    @wraps(real)
    def _build_request(self: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
        request = real(self, options, *args, **kwargs)
        try:
            _asked(self, package, options, request)
        except Exception:  # noqa: BLE001
            pass
        return request

    return _build_request


def _processing(real: Any) -> Any:
    @wraps(real)
    def _process_response_data(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            _answered(kwargs.get("data"), kwargs.get("response"))
        except Exception:  # noqa: BLE001
            pass
        return real(self, *args, **kwargs)

    return _process_response_data


def _asked(client: Any, package: str, options: Any, request: Any) -> None:
    body = options.json_data
    if not str(options.url).partition("?")[0].endswith(_CALLS) or not isinstance(body, Mapping):
        return
    extra = getattr(options, "extra_json", None)
    body = {**body, **extra} if isinstance(extra, Mapping) else body
    who, model = _provider(package, str(client.base_url)), str(body.get("model"))[:_MOST_NAME]
    _models[request] = who, model
    for kind, fact in (("seed", _seed), ("tools", _tools), ("prompt", _prompt)):
        with suppress(Exception):  # of one fact, not of the others
            what = fact(body)
            if what is not None:
                _tell(who, model, kind, what)
    _tell_settings(who, model, body)


def _tell_settings(who: str, model: str, body: Mapping[str, Any]) -> None:
    told: dict[str, Any] = {}
    asked = [key for key in SETTINGS if key in body]
    for key in asked:
        with suppress(Exception):  # of one fact, not of the others
            told[key] = _short(body[key])
    _tell(who, model, "settings", told)
    if len(told) < len(asked):
        _tell(who, model, "more", "settings")


def _seed(body: Mapping[str, Any]) -> Any:
    return _short(body.get("seed"))


def _tools(body: Mapping[str, Any]) -> str | None:
    tools = body.get("tools")
    return _hash(tools) if isinstance(tools, (list, tuple)) and tools else None


def _prompt(body: Mapping[str, Any]) -> str | None:
    system = _system(body)
    return _hash(system) if system else None


def _answered(data: Any, response: Any) -> None:
    if not isinstance(data, Mapping):
        return
    known = _models.get(response.request)
    inner = data.get("message") or data.get("response")
    told = inner if isinstance(inner, Mapping) else data
    if known is None or not isinstance(told.get("model"), str) or not told["model"]:
        return
    seen = {"response_model": told["model"][:_MOST_NAME]}
    if isinstance(told.get("system_fingerprint"), str):
        seen["system_fingerprint"] = told["system_fingerprint"][:_MOST_TEXT]
    who, model = known
    _tell(who, model, "seen", seen)


def _tell(who: str, model: str, kind: str, what: Any) -> None:
    fact = json.dumps({"provider": who, "model": model, kind: what}, sort_keys=True)
    if fact in _told:
        return
    count = _counts.get((model, kind), 0)
    if count > _MOST:
        return
    _counts[model, kind] = count + 1
    _told.add(fact)
    _observe.tell("c", fact if count < _MOST else json.dumps({"provider": who, "model": model, "more": kind}))


def forget() -> None:
    """Tell everything anew, for another run."""
    _told.clear()
    _counts.clear()


def _provider(package: str, url: str) -> str:
    """Who answers; of a host that is not known only what it is like."""
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    if host.endswith(".openai.azure.com"):
        return "azure"
    return _HOSTS.get(host, f"{package}-compatible")


def _system(body: Mapping[str, Any]) -> list[Any]:
    """What the model is told to be, by whichever name."""
    told = [body[key] for key in ("system", "instructions") if body.get(key)]
    for key in ("messages", "input"):
        messages = body.get(key)
        if isinstance(messages, (list, tuple)):
            told += [
                one.get("content")
                for one in messages
                if isinstance(one, Mapping) and one.get("role") in ("system", "developer")
            ]
    return told


def _short(value: Any) -> Any:
    """A scalar or something small as it is, else its hash."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = json.dumps(value)
    return json.loads(text) if len(text) <= _MOST_TEXT else "sha256:" + _digest(_canonical(value))


def _hash(values: Any) -> str:
    """The hash over those of all values."""
    each = [_digest(_canonical(one)) for one in values]
    return "sha256:" + _digest(_canonical(each))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
