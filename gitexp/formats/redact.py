"""Masks secrets in what is about to be written: command lines, params, environment, console text, URLs.

Three things give a secret away: its name (`secret_names`), its own shape (`secret_shapes`), and being equal
to the value of an environment variable that has a secret's name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from gitexp.formats.secret_names import Suspicion, counts, matches, suspicion
from gitexp.formats.secret_shapes import MASK, mask_shapes, shape_told
from gitexp.formats.secret_text import TextScan
from gitexp.formats.secret_values import believed
from gitexp.model.values import Value

_OPTION = re.compile(r"-[A-Za-z]|--.*", re.DOTALL)
_LONG_OPTION = re.compile(r"-{1,2}[A-Za-z][\w.-]+")
_ASSIGNMENT = re.compile(r"([+~-]{0,2}[A-Za-z_][\w./@-]{0,200})=(.*)", re.DOTALL)
_PROGRAMS_WITH_USER = frozenset(("curl", "wget", "http", "https"))
_USER_OPTIONS = frozenset(("-u", "--user", "--proxy-user", "-U", "-a", "--auth"))


class Redactor:
    """Masks secrets with `***`. It reads nothing itself: the environment's secret values are handed in.

    `extra_keys` are words of the user's own; a name that contains one of them stands for a secret.
    """

    def __init__(self, secret_values: Collection[str], extra_keys: Sequence[str] = ()) -> None:
        self._extra = tuple(extra_keys)
        self._secrets = frozenset(secret_values)
        spellings = {
            spelling for value in secret_values if value for spelling in (value, quote(value, safe=""))
        }
        self._values = [(value, _exactly(value)) for value in sorted(spellings, key=lambda v: (-len(v), v))]
        self._scan = TextScan(self._suspicion, self._extra)
        self._own_scan = TextScan(self._own_suspicion, self._extra) if self._extra else None

    def knowing(self, params: Value) -> Redactor:
        """One that masks the values of secret-named params wherever they occur; trivial ones are left out."""
        hidden = {value for value in _hidden(params, self.params(params)) if _tells(value)}
        return Redactor(self._secrets | hidden, self._extra) if hidden - self._secrets else self

    def argv(self, argv: Sequence[str]) -> list[str]:
        """The words of a command: `--token X`, `--api-key=X`, `KEY=X`, and what `text` finds in a word."""
        done: list[str] = []
        programs = {word.rpartition("/")[2] for word in argv}
        for index, word in enumerate(argv):
            before = argv[index - 1] if index else ""
            done.append(self._word(word, before, user_follows=not programs.isdisjoint(_PROGRAMS_WITH_USER)))
        return done

    def params(self, value: Value) -> Value:
        """The same tree with the secrets masked; types, keys and order stay."""
        return self._under("", value)

    def env(self, environ: Mapping[str, str]) -> dict[str, str]:
        return {name: self._named(name, value) for name, value in environ.items()}

    def text(self, text: str) -> str:
        """Console text, notes, messages. Hand in whole lines, and a private key's block in one piece."""
        return text if len(text) < 4 else self._scan.mask(self.certain(text))

    def certain(self, text: str) -> str:
        """Only what is a secret by its own shape, or has the value of one: names in it tell nothing."""
        for value, pattern in self._values:
            if value in text:
                text = pattern.sub(MASK, text)
        return mask_shapes(text)

    def told(self, text: str) -> str | None:
        """What a secret in `text` looks like, never the secret; None where there is none.

        Less is taken for one than `text` masks, lest code stop at every `token =`: what `certain` masks, and
        the values of names that the user has given.
        """
        if any(value in text and pattern.search(text) for value, pattern in self._values):
            return "the value of a secret variable"
        if self._own_scan is not None and self._own_scan.mask(text) != text:
            return "the value of a name that is to be redacted"
        return shape_told(text)

    def _own_suspicion(self, name: str) -> Suspicion:
        return Suspicion.SURE if matches(name, self._extra) else Suspicion.NONE

    def _suspicion(self, name: str) -> Suspicion:
        return Suspicion.SURE if self._extra and matches(name, self._extra) else suspicion(name)

    def _named(self, name: str, value: str) -> str:
        return MASK if believed(self._suspicion(name), value) else self.text(value)

    def _word(self, word: str, before: str, *, user_follows: bool) -> str:
        if user_follows and before in _USER_OPTIONS and ":" in word:
            return word.partition(":")[0] + ":" + MASK
        takes_value = _LONG_OPTION.fullmatch(before) and not _OPTION.fullmatch(word)
        if takes_value and believed(self._suspicion(before), word):
            return MASK
        if match := _ASSIGNMENT.fullmatch(word):
            name, value = match.groups()
            if believed(self._suspicion(name), value):
                return f"{name}={MASK}"
        return self.text(word)

    def _under(self, name: str, value: Value) -> Value:
        if isinstance(value, str):
            return self._named(name, value) if name else self.text(value)
        if isinstance(value, Mapping):
            if self._suspicion(name) is Suspicion.SURE:
                return {self.text(key): _masked(item) for key, item in value.items()}
            items = {self.text(key): self._under(key, item) for key, item in value.items()}
            return self._pair(items)
        if isinstance(value, Sequence):
            return self._list(name, value)
        if value is None or isinstance(value, bool):
            return value
        return MASK if self._suspicion(name) is Suspicion.SURE and not counts(name) else value

    def _list(self, name: str, value: Sequence[Value]) -> list[Value]:
        if self._suspicion(name) is Suspicion.SURE:
            return [_masked(item) for item in value]
        if value and all(isinstance(item, str) for item in value):
            return list(self.argv([str(item) for item in value]))
        return [self._under(name, item) for item in value]

    def _pair(self, items: dict[str, Value]) -> dict[str, Value]:
        """`{name: API_KEY, value: …}`, the way that many tools spell a variable."""
        name, value = items.get("name", items.get("key")), items.get("value")
        if isinstance(name, str) and isinstance(value, str):
            return {**items, "value": self._named(name, value)}
        return items


def secret_values(environ: Mapping[str, str], extra_keys: Sequence[str] = ()) -> set[str]:
    """The values of variables with a secret's name, and passwords in URLs; too short ones are left out.

    `extra_keys` are words of the user's own that make a name a secret's.
    """
    found = {
        value
        for name, value in environ.items()
        if believed(Suspicion.SURE if matches(name, extra_keys) else suspicion(name), value)
    }
    found.update(password for value in environ.values() for password in _password(value))
    return {value for value in found if _long(value)}


def strip_url(url: str) -> str:
    """`url` without user names, passwords and secret query values; the `git@` of ssh stays."""
    if "://" not in url:
        user, at, rest = url.partition("@")
        return url if not at or "/" in user or ":" in user or user == "git" else rest
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    kept = f"git@{host}" if user == "git" else host
    return mask_shapes(urlunsplit((parts.scheme, kept, parts.path, "", "")))


def _exactly(value: str) -> re.Pattern[str]:
    """Finds `value`; a short one only as a word of its own, lest half the text vanish."""
    if len(value) >= 12:
        return re.compile(re.escape(value))
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")


def _masked(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, str):
        return MASK if value else value
    if isinstance(value, Sequence):
        return [_masked(item) for item in value]
    return value if value is None or isinstance(value, bool) else MASK


def _hidden(value: Value, shown: Value) -> Iterator[str]:
    """The texts and whole numbers of `value` that are masked in `shown`, the same tree redacted."""
    if isinstance(value, Mapping) and isinstance(shown, Mapping):
        for one, other in zip(value.values(), shown.values(), strict=False):
            yield from _hidden(one, other)
    elif isinstance(value, (str, int)):
        if shown == MASK != value:
            yield str(value)
    elif isinstance(value, Sequence) and isinstance(shown, Sequence):
        for one, other in zip(value, shown, strict=False):
            yield from _hidden(one, other)


def _tells(value: str) -> bool:
    """Whether a param's value gives itself away by occurring: it is no switch, path or short number."""
    return _long(value) and believed(Suspicion.LIKELY, value)


def _long(value: str) -> bool:
    return len(value) >= 8 or (len(value) >= 6 and _mixed(value))


def _mixed(value: str) -> bool:
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _password(value: str) -> Iterable[str]:
    match = re.match(r"[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,200}:([^\s/]{1,400})@", value)
    return (match.group(1),) if match else ()
