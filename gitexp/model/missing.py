"""What stands where there is no value; None is one."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Missing(Enum):
    """Stands where a run or a row has no value for a column."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
