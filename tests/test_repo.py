"""Repositories as operations see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.errors import NotFound
from gitexp.repo import Repository


@pytest.mark.parametrize("folder", ["foo", "/foo", "/a/b/c/d"])
def test_a_run_variable_that_names_no_run_is_not_found(folder: str) -> None:
    with pytest.raises(NotFound) as caught:
        Repository.of_live(Path(folder), {})
    assert caught.value.hint == "unset GITEXP_RUN"
