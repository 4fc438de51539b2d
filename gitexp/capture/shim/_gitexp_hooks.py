"""What is done once a package is imported: its functions that set seeds, or map files, tell of it.

A finder in front of the others lets them find the module, and has something done after it was executed.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

_observe: Any = None
_beside: Callable[[str], Any]
_put: list[tuple[ModuleType, str, Any, Any]] = []
_MOST_TEXT = 200


class _Telling:
    """Stands for a function, which a class does not bind either: tells of each call that came back."""

    def __init__(self, real: Any, told: Callable[..., None]) -> None:
        self._real, self._told = real, told
        self.__wrapped__ = real
        for name in ("__module__", "__name__", "__qualname__", "__doc__", "__text_signature__"):
            setattr(self, name, getattr(real, name, None))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        answer = self._real(*args, **kwargs)
        try:
            self._told(*args, **kwargs)
        except Exception:  # noqa: BLE001
            pass
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __repr__(self) -> str:
        return repr(self._real)

    def __reduce__(self) -> str:
        return str(self.__name__)


class _Finder:
    """The first of `sys.meta_path`."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        act = _HOOKS.get(name)
        if act is None:
            return None
        after = False
        for finder in list(sys.meta_path):
            if after:
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    _act_after(spec, act)
                    return spec
            after = after or finder is self
        return None


_finder: Any = _Finder()


def install(observe: Any, beside: Callable[[str], Any]) -> None:
    """Wait for the packages; those that are there are seen to now."""
    global _observe, _beside
    _observe, _beside = observe, beside
    for name, act in _HOOKS.items():
        if name in sys.modules:
            _safely(act, sys.modules[name])
    sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Take away what nobody has put something else over."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    while _put:
        module, name, before, twin = _put.pop()
        if getattr(module, name, None) is twin:
            setattr(module, name, before)


def replace(module: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put what `make` makes of it into the place of something of a module or class."""
    before = vars(module).get(name)
    if before is not None and not any(place is module and what == name for place, what, _, _ in _put):
        twin = make(before)
        if isinstance(twin, _Telling):  # where pickle finds it
            vars(twin).update(__module__=module.__name__, __name__=name)
        _put.append((module, name, before, twin))
        setattr(module, name, twin)


def _act_after(spec: Any, act: Callable[[Any], None]) -> None:
    """Have something done when the loader of a file has executed the module; else the hook is left out."""
    loader = spec.loader
    files: Any = sys.modules["_frozen_importlib_external"]
    if not isinstance(loader, files.FileLoader):  # others may be shared by modules
        return
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        execute(module)
        _safely(act, module)

    # A traceback through here is as short as that of any import: Python leaves out what is its own.
    own = files.FileLoader.get_data.__code__.co_filename
    exec_module.__code__ = exec_module.__code__.replace(co_filename=own)
    loader.exec_module = exec_module


def _safely(act: Callable[[Any], None], module: Any) -> None:
    try:
        act(module)
    except Exception:  # noqa: BLE001
        pass


def _seed(name: str, value: Any) -> None:
    # Workers get theirs from what was set before they began.
    if _observe.is_worker():
        return
    entropy = getattr(value, "entropy", None)
    value = value if entropy is None else entropy
    index = getattr(type(value), "__index__", None)
    if index is not None and not isinstance(value, (bool, int)):
        value = index(value)
    if isinstance(value, (tuple, list)):
        value = [int(one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str, list)):
        told = repr(value)
        _observe.tell("s", f"{name} {told if len(told) <= _MOST_TEXT else repr(told[:_MOST_TEXT])}")


def _random(module: Any) -> None:
    replace(module, "seed", lambda real: _Telling(real, lambda a=None, version=2: _seed("python", a)))


def _numpy(module: Any) -> None:
    replace(module, "seed", lambda real: _Telling(real, lambda seed=None: _seed("numpy", seed)))

    def made(seed: Any = None) -> None:
        # A generator that is given is not made anew.
        if not hasattr(seed, "bit_generator") and not hasattr(seed, "random_raw"):
            _seed("numpy.default_rng", seed)

    replace(module, "default_rng", lambda real: _Telling(real, made))


def _torch(module: Any) -> None:
    replace(module, "manual_seed", lambda real: _Telling(real, lambda seed: _seed("torch", seed)))


def _pyarrow(module: Any) -> None:
    """Arrow files are mapped, by code that is no Python."""

    def mapped(path: Any, mode: str = "r") -> None:
        _observe.note(path, mode)

    replace(module, "memory_map", lambda real: _Telling(real, mapped))


def _client(module: Any) -> None:
    _beside("_gitexp_clients").install(module, _observe, replace)


_HOOKS: dict[str, Callable[[Any], None]] = {
    "random": _random,
    "numpy.random": _numpy,
    "torch": _torch,
    "pyarrow": _pyarrow,
    "openai._base_client": _client,
    "anthropic._base_client": _client,
}
