"""What looks like a secret in what a push would send: where it is found, how it is told, and what is none."""

from __future__ import annotations

import pytest

from tests.cli.program import forge
from tests.cli.sharing import Person, World
from tests.hostile.unharmed import assert_plain

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA\n" * 4 + "-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


@pytest.mark.parametrize(
    "file", ["log.txt", "params.yaml", "env.yaml", "inputs.yaml", "requirements.txt", "artifacts/notes.txt"]
)
def test_every_file_of_a_record_is_searched(world: World, ada: Person, file: str) -> None:
    name = ada.record("one")
    forge(ada.repo, name, "leaky-abcdef", {file: f"a: []\nb:\n  - name: {TOKEN}\n    how: declared\n"})
    if file == "inputs.yaml":
        forge(ada.repo, name, "leaky-abcdef", {file: f"b:\n- name: {TOKEN}\n  how: declared\n"})
    said = ada("push", "origin", "leaky")
    assert said.code == 1
    assert f"run leaky-abcdef: .exp/{file}, line " in said.err
    assert "looks like a GitHub token" in said.err
    assert "git exp push --allow" in said.err
    assert TOKEN not in said.err
    assert not world.runs


def test_the_kind_is_told_and_never_the_secret(world: World, ada: Person) -> None:
    ada.repo.write("mirror.cfg", "a\nb\nurl = https://me:hunter2hunter2@example.org/x\n")
    name = ada.record("one")
    forge(ada.repo, name, "two-abcdef", {"log.txt": f"the key is\n{KEY}"})
    said = ada("push")
    assert said.code == 1
    assert "mirror.cfg, line 3 looks like a password in a URL" in said.err
    assert ".exp/log.txt, line 2 looks like a private key" in said.err
    assert "hunter2" not in said.err
    assert "MIIE" not in said.err


def test_the_name_of_a_file(world: World, ada: Person) -> None:
    ada.repo.write(f"dump-{TOKEN}.csv", "1,2\n")
    ada.record("one")
    said = ada("push")
    assert said.code == 1
    assert "dump-***.csv, its name looks like a GitHub token" in said.err
    assert TOKEN not in said.err


def test_the_value_of_a_secret_variable(world: World, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ada.repo.write("notes.txt", "one\nthe word is correct-horse-17\n")
    ada.record("one")
    assert ada("push", "-n").code == 0
    monkeypatch.setenv("DB_PASSWORD", "correct-horse-17")
    said = ada("push")
    assert said.code == 1
    assert "notes.txt, line 2 looks like the value of a secret variable" in said.err
    assert "correct-horse" not in said.err


def test_names_that_the_settings_redact(world: World, ada: Person) -> None:
    ada.repo.write("clients.cfg", "lr = 1\ncustomer = acme-industries\n")
    name = ada.record("one")
    forge(ada.repo, name, "two-abcdef", {"params.yaml": "customer: acme-industries\n"})
    assert ada("push", "-n").code == 0
    ada.repo.write(".gitexp.yaml", "redact: [customer]\n")
    said = ada("push")
    assert said.code == 1
    for place in ("clients.cfg, line 2", ".exp/params.yaml, line 1"):
        assert f"{place} looks like the value of a name that is to be redacted" in said.err
    assert "acme" not in said.err


def test_a_dry_run_tells_of_secrets_too(world: World, ada: Person) -> None:
    ada.repo.write("settings.py", f"token = '{TOKEN}'\n")
    ada.record("one")
    said = ada("push", "-n")
    assert said.code == 1
    assert "settings.py, line 1" in said.err
    assert ada("push", "-n", "--allow").code == 0


def test_of_many_findings_some_are_told(world: World, ada: Person) -> None:
    ada.repo.write("many.txt", f"{TOKEN}\n" * 100)
    ada.record("one")
    said = ada("push")
    assert said.code == 1
    assert "100 places look like secrets" in said.err
    assert len(said.err.splitlines()) < 30


def test_a_name_that_holds_escapes_is_told_escaped(world: World, ada: Person) -> None:
    ada.repo.write("a\x1b[2J\u202e.txt", f"{TOKEN}\n")
    ada.record("one")
    said = ada("push")
    assert said.code == 1
    assert_plain(said, "push")


@pytest.mark.parametrize(
    "text",
    [
        "num_memory_tokens: 4\nmax_tokens: 4096\npad_token: <pad>\neos_token_id: 50256\nkey_dim: 64\n",
        "password = getpass()\ntoken = os.environ['HF_TOKEN']\nAPI_KEY = '${API_KEY}'\n",
        "sha 0123456789abcdef0123456789abcdef01234567\nsk-learn-compatible-estimator\nskip_this_one_please\n",
        "see https://example.org/a@b and git@github.com:a/b.git and ssh://git@host/x\n",
    ],
)
def test_what_is_none(world: World, ada: Person, text: str) -> None:
    ada.repo.write("code.txt", text)
    ada.record("one", f"print({text!r})", "-S", "+num_memory_tokens=4")
    said = ada("push")
    assert said.code == 0, said.err
    assert world.runs == ada.runs
