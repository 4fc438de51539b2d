"""Which of the staged files are params, results or parts of a record, by their names.

Apart from what reads them: most commits have none of these, and to import that takes longer than to look.
"""

from __future__ import annotations

from gitexp.formats.settings import Settings
from gitexp.model.files import METRICS_FILES, PARAMS_FILES, RECORD_FOLDER

RECORD = f"{RECORD_FOLDER}/"
_METRICS = f"{RECORD}metrics.yaml"
_OF_THE_PROGRAM = (f"{RECORD}log.txt", f"{RECORD}artifacts/")


def is_params(settings: Settings, path: str) -> bool:
    return _is_one_of(settings.params, PARAMS_FILES, path)


def is_results(settings: Settings, path: str) -> bool:
    return path == _METRICS or _is_one_of(settings.metrics, METRICS_FILES, path)


def is_record(path: str) -> bool:
    """Whether gitexp wrote it; artifacts and output are the program's."""
    return path.startswith(RECORD) and not path.startswith(_OF_THE_PROGRAM)


def is_read(settings: Settings, path: str) -> bool:
    """Whether what stands in it is looked at."""
    return is_params(settings, path) or is_results(settings, path) or is_record(path)


def _is_one_of(declared: tuple[str, ...], usual: tuple[str, ...], path: str) -> bool:
    if declared:
        return path in declared
    return path.rpartition("/")[2] in usual and not path.startswith(RECORD)
