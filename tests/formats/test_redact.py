from __future__ import annotations

import pytest

from gitexp.formats.redact import Redactor, secret_values, strip_url
from tests.formats.secret_corpus import JWT, PLAIN, PRIVATE_KEY, SECRET_NAMES, TOKENS, innocent_params

MASKED = Redactor(())
INNOCENT = list(innocent_params())
tokens = pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
names = pytest.mark.parametrize("name", SECRET_NAMES)


def test_the_corpus_is_as_large_as_it_claims():
    assert len(TOKENS) + len(SECRET_NAMES) >= 60
    assert len(INNOCENT) >= 1000


# Secrets that their own shape gives away


@tokens
def test_token_in_argv(token):
    words = [
        "python",
        "train.py",
        token,
        f"note={token}",
        f"--note={token}",
        f"a,{token},b",
        f"echo {token}; ls",
    ]
    masked = MASKED.argv(words)
    assert token not in "\0".join(masked)
    assert masked[:2] == ["python", "train.py"]
    assert masked[5] == "a,***,b"


@tokens
def test_token_in_params(token):
    masked = MASKED.params(
        {"note": token, "list": [1, f"x {token}"], "deep": {"a": {"b": f"({token})"}}, token: 1}
    )
    assert token not in repr(masked)
    assert "***" in repr(masked)


@tokens
def test_token_in_environment(token):
    assert MASKED.env({"NOTE": token, "LANG": "C"}) == {"NOTE": "***", "LANG": "C"}


@tokens
def test_token_in_log_text(token):
    for line in (
        token,
        f"using {token}.",
        f'{{"v": "{token}"}}',
        f"é {token}\nnext",
        f"https://x.org/a?b={token}&c=1",
    ):
        masked = MASKED.text(f"before\n{line}\nafter\n")
        assert token not in masked
        assert masked.startswith("before\n")
        assert masked.endswith("\nafter\n")


@tokens
def test_token_in_url(token):
    assert token not in strip_url(f"https://{token}@github.com/a/b.git")
    assert token not in strip_url(f"https://x-access-token:{token}@github.com/a/b.git")


# Secrets that their name gives away


@names
def test_named_secret_in_argv(name):
    for words in (
        [f"--{name}", PLAIN], [f"--{name}={PLAIN}"], [f"{name}={PLAIN}"], [f"+{name}={PLAIN}"],
        ["env", f"{name}={PLAIN}", "python"], ["sh", "-c", f"python a.py --{name} {PLAIN} --lr 1"],
        ["sh", "-c", f"{name}='{PLAIN}' python"], ["python", "a.py", f'{{"{name}": "{PLAIN}"}}'],
        [f"-{name}", PLAIN],
    ):  # fmt: skip
        masked = MASKED.argv(words)
        assert PLAIN not in " ".join(masked), words
        assert len(masked) == len(words)


@names
def test_named_secret_in_params(name):
    for params in (
        {name: PLAIN},
        {"a": {name: PLAIN}},
        {"args": [f"--{name}", PLAIN]},
        {"env": [f"{name}={PLAIN}"]},
    ):
        assert PLAIN not in repr(MASKED.params(params)), params
    assert MASKED.params([{"name": name, "value": PLAIN}]) == [{"name": name, "value": "***"}]


@names
def test_named_secret_in_environment(name):
    assert MASKED.env({name: PLAIN}) == {name: "***"}


@names
def test_named_secret_in_log_text(name):
    for line in (
        f"{name}={PLAIN}", f"{name}: {PLAIN}", f"{name} = '{PLAIN}'", f'"{name}": "{PLAIN}"',
        f"'{name}': '{PLAIN}'",
        f"Namespace(lr=1, {name}='{PLAIN}', x=2)", f"--{name} {PLAIN}", f"--{name}={PLAIN}",
        f'{{\\"{name}\\": \\"{PLAIN}\\"}}',
        f"['--{name}', '{PLAIN}']", f"https://x.org/?a=1&{name}={PLAIN}&b=2", f"export {name}={PLAIN}",
        f"{name}={PLAIN},",
    ):  # fmt: skip
        assert PLAIN not in MASKED.text(f"x\n{line}\ny"), line


# Secrets known from the environment


def test_value_of_a_secret_variable_is_masked_wherever_it_stands():
    values = secret_values(
        {"MY_PASSWORD": "correct-horse", "LANG": "C.UTF-8", "DATABASE_URL": "pg://u:swordfish9@h/d"}
    )
    assert values == {"correct-horse", "swordfish9"}
    redactor = Redactor(values)
    assert redactor.argv(["a", "--name", "correct-horse", "xcorrect-horsey"]) == [
        "a",
        "--name",
        "***",
        "x***y",
    ]
    assert redactor.params({"note": "swordfish9", "n": 1}) == {"note": "***", "n": 1}
    assert redactor.text("got swordfish9!") == "got ***!"
    assert redactor.text("swordfish99") == "swordfish99"


def test_percent_encoded_value_is_masked():
    assert Redactor({"p@ss/word:1"}).text("x=p%40ss%2Fword%3A1;") == "x=***;"


def test_trivial_values_are_not_secrets():
    environ = {
        "API_TOKEN": "true",
        "DB_PASSWORD": "admin",
        "SECRET": "",
        "TOKEN": "${OTHER}",
        "GIT_ASKPASS": "/bin/askpass",
    }
    assert secret_values(environ) == set()
    assert secret_values({"PWD": "/home/someone/project", "OLDPWD": "/home/someone/other"}) == set()


def test_extra_keys_of_the_user():
    redactor = Redactor((), ["patient", "mrn-no"])
    assert redactor.argv(["--patient-name", "Ada", "MRN_NO=12"]) == ["--patient-name", "***", "MRN_NO=***"]
    assert redactor.params({"patient": {"age": 3}, "mrn_no": 5, "x": "y"}) == {
        "patient": {"age": "***"},
        "mrn_no": "***",
        "x": "y",
    }
    assert redactor.text("patient: Ada\n") == "patient: ***\n"


# Things in particular


def test_private_key_block():
    text = f"before\n{PRIVATE_KEY}\nafter -- x"
    assert MASKED.text(text) == "before\n***\nafter -- x"
    assert MASKED.text(repr(PRIVATE_KEY)) == "'***'"
    assert PRIVATE_KEY[-60:] not in MASKED.text(PRIVATE_KEY[:-30])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("'Authorization': 'Basic dXNlcjpwYXNz'", "'Authorization': 'Basic ***'"),
        ("curl -H 'Authorization: token abc def'", "curl -H 'Authorization: token ***'"),
        ("Cookie: a=b; c=d\nnext", "Cookie: ***\nnext"),
        ("wandb login 0123456789abcdef0123456789abcdef01234567", "wandb login ***"),
        ("machine api.wandb.ai login user password hunter2", "machine api.wandb.ai login user password ***"),
        ("postgres://user:pa:ss@host/db", "postgres://***@host/db"),
        ("https://a.blob.net/c?sv=1&sig=aBcDeFgHiJkLmNoP%3D&x=1", "https://a.blob.net/c?sv=1&sig=***&x=1"),
        (
            "https://b.s3.aws.com/k?X-Amz-Signature=0123456789abcdef&y",
            "https://b.s3.aws.com/k?X-Amz-Signature=***&y",
        ),
        (
            "https://hooks.slack.com/services/T01234567/B01234567/abcdefghijklmnopqrstuvwx",
            "https://hooks.slack.com/***",
        ),
        ("AccountName=x;AccountKey=abcd1234/+==;End=1", "AccountName=x;AccountKey=***"),
        ("API key: abc123", "API key: ***"),
        ("access token = abc123", "access token = ***"),
        ('password="with space"', 'password="***"'),
        ('password="a\\"b" c', 'password="***" c'),
        ("İİİ token=abc123 x", "İİİ token=*** x"),
        ("password='nope end", "password='*** end"),
    ],
)
def test_log_text(text, masked):
    assert MASKED.text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "tokens/s: 12345, next token: Paris",
        "pad_token=<pad>, eos_token='</s>', max_tokens: 512",
        "KeyError: 'labels'",
        "key: value, keys = ['a', 'b']",
        "password=${DB_PASSWORD} token=$HF_TOKEN api_key=os.environ['X']",
        "ssh://git@github.com/a/b and git@github.com:a/b",
        "100%|██████████| 10/10 [00:01<00:00, pass=3]",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "password: None, api_key=None, token=False",
        "author: Ada, monkey=1 turkey: 2",
        "tokenizer=gpt2 tokenizer_config.json: 100%",
    ],
)
def test_innocent_log_text_stays(text):
    assert MASKED.text(text) == text


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        (["curl", "-u", "me:pass", "x"], ["curl", "-u", "me:***", "x"]),
        (["mysql", "-p", "3"], ["mysql", "-p", "3"]),
        (["--token", "--lr", "1"], ["--token", "--lr", "1"]),
        (["--token", "-v"], ["--token", "-v"]),
        (["--password", "-v3ry-secret"], ["--password", "***"]),
        (["--token"], ["--token"]),
        (["--token="], ["--token="]),
        (["--api-key", "$OPENAI_API_KEY"], ["--api-key", "$OPENAI_API_KEY"]),
        (["--password", "true story"], ["--password", "***"]),
        (["--password", "12345"], ["--password", "***"]),
        (["--max-tokens", "512", "--pad-token", "<pad>"], ["--max-tokens", "512", "--pad-token", "<pad>"]),
        ([], []),
    ],
)
def test_argv(words, masked):
    assert MASKED.argv(words) == masked


def test_everything_under_a_secret_name_is_masked():
    assert MASKED.params({"credentials": {"user": "ada", "n": 3, "on": True, "more": [{"x": "y"}]}}) == {
        "credentials": {"user": "***", "n": "***", "on": True, "more": [{"x": "***"}]}
    }
    assert MASKED.params({"api_keys": ["a", "b"], "password": 1234}) == {
        "api_keys": ["***", "***"],
        "password": "***",
    }


def test_params_keep_types_keys_and_order():
    params = {"b": 1, "a": [1.5, None, True, "x"], "token_dim": 3, "n": {"z": {}, "y": []}, "max_tokens": 5}
    assert repr(MASKED.params(params)) == repr(params)


# Names that only sound like secrets


def test_less_than_one_in_a_hundred_innocent_params_is_masked():
    wrong = [(name, value) for name, value in INNOCENT if MASKED.params({name: value}) != {name: value}]
    assert len(wrong) < len(INNOCENT) / 100, wrong


def test_less_than_one_in_a_hundred_innocent_options_is_masked():
    pairs = [[f"--{name}", str(value)] for name, value in INNOCENT]
    wrong = [pair for pair in pairs if MASKED.argv(pair) != pair]
    wrong += [[f"{n}={v}"] for n, v in INNOCENT if MASKED.argv([f"{n}={v}"]) != [f"{n}={v}"]]
    assert len(wrong) < len(INNOCENT) / 100, wrong


def test_less_than_one_in_a_hundred_innocent_log_lines_is_masked():
    lines = [form.format(n, v) for n, v in INNOCENT for form in ("{}: {}", "{}={}", "'{}': '{}'")]
    wrong = [line for line in lines if MASKED.text(line) != line]
    assert len(wrong) < len(lines) / 100, wrong


@pytest.mark.parametrize("name", ["pad_token", "image_token", "max_tokens", "cache_key", "key", "tokenizer"])
def test_innocent_name_keeps_a_value_that_looks_random(name):
    assert MASKED.params({name: "IMG_PLACEHOLDER_00017x"}) == {name: "IMG_PLACEHOLDER_00017x"}
    assert MASKED.params({"upload_token": "IMG_PLACEHOLDER_00017x"}) == {"upload_token": "***"}


# URLs


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("https://user:pw@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://user@github.com:8443/a/b.git", "https://github.com:8443/a/b.git"),
        ("https://a:b@c@host/x", "https://host/x"),
        ("https://host/x?access_token=1#f", "https://host/x"),
        ("ssh://git@host:22/a", "ssh://git@host:22/a"),
        ("ssh://ada@host/a", "ssh://host/a"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("ada@host:a/b.git", "host:a/b.git"),
        ("host:a@b", "host:a@b"),
        ("http://[::1", "***"),
    ],
)
def test_strip_url(url, stripped):
    assert strip_url(url) == stripped


# Hostile text


hostile = pytest.mark.parametrize(
    "piece",
    ["key=", "token: ", "a", "--token ", "eyJ", "eyJaaaaaaaa.", "://", "sk-",
     "-----BEGIN PRIVATE KEY-----", "token='",
     "gh", 'key="\\', "\\", "?sig=", "machine a login ", "key", "://a", "a:", "bearer ", " ",
     "\n", "password password ", 'token="\\',
     "SG.aaaaaaaaaaaaaaaa.", "-----BEGIN ", "xoxb-", "123456789:AA", "hooks.slack.com/services/", "key\t"],
)  # fmt: skip


@hostile
def test_one_piece_over_and_over_ends(piece):
    MASKED.text(piece * (200_000 // len(piece)))


@hostile
@pytest.mark.long
def test_a_megabyte_of_one_piece_ends(piece):
    """A quadratic search would take minutes here; the suite's limit is the clock."""
    MASKED.text(piece * (1_000_000 // len(piece)))


def test_jwt_needs_its_three_parts():
    assert MASKED.text(JWT) == "***"
    assert MASKED.text("eyJhbGciOiJub25l") == "eyJhbGciOiJub25l"
