"""What of a call of a model may stand in a record."""

from __future__ import annotations

import pytest

from gitexp.capture.shim._gitexp_clients import SETTINGS as HOOKED
from gitexp.formats.asked import SETTINGS, fingerprint, portable_name, provider_name, settings_of


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("org/model:7b", "org/model:7b"),
        ("anthropic.claude-3-5-sonnet-v2:0", "anthropic.claude-3-5-sonnet-v2:0"),
        ("./models/llama", "./models/llama"),
        ("/home/ada/my models/llama 7b.gguf", "llama 7b.gguf"),
        ("/model", "model"),
        ("~ada/llama/", "llama"),
        ("~ada", "elsewhere"),
        ("../../ada/llama", "llama"),
        ("C:\\Users\\ada\\llama", "llama"),
        ("\\\\server\\share\\llama", "llama"),
        ("file:///home/ada/llama", "llama"),
        ("https://ada:key@host.corp:80/v1/llama?key=1", "llama"),
        ("postgres://ada@host.corp", "elsewhere"),
        ("/", "elsewhere"),
        ("/..", "elsewhere"),
    ],
)
def test_names_without_where_it_is(name: str, told: str) -> None:
    assert portable_name(name) == told


def test_hosts_are_neither_providers_nor_fingerprints() -> None:
    for known in ("openai", "azure.ai.openai", "aws.bedrock", "mistral_ai", "openai-compatible"):
        assert provider_name(known) == known
    for host in ("laptop.corp", "10.0.0.1", "localhost:80", "https://host"):
        assert provider_name(host) == "other"
        assert fingerprint(host) == fingerprint(host) != fingerprint(f"{host}1")
        assert fingerprint(host).startswith("sha256:")
    assert fingerprint("fp_44709d6fcb") == "fp_44709d6fcb"


def test_settings_are_numbers_known_words_and_hashes() -> None:
    given = {
        "temperature": 0.5,
        "service_tier": "flex",
        "tool_choice": {"type": "auto"},
        "stop": "\n\nAda:",
        "user": "ada",
        "seed": 7,
        "choice.count": 2,
    }
    kept = {key: value for key, value in given.items() if key not in ("user", "seed")}
    assert settings_of(given) == kept
    hidden = settings_of({"text": "said by ada", "own": "x", "stop": "x" * 300, "top_p": [float("nan")] * 99})
    assert [str(value)[:7] for value in hidden.values()] == ["sha256:"] * 4
    assert settings_of(hidden) == hidden
    assert len(settings_of({f"a{number}": number for number in range(200)})) == 64


def test_the_hook_of_clients_tells_the_same_settings() -> None:
    assert set(HOOKED) == SETTINGS
