"""Which of several processes of one job this is."""

from __future__ import annotations

from collections.abc import Mapping

_VARIABLES = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK")


def rank(environ: Mapping[str, str]) -> int:
    """The rank that the launcher (torchrun, Slurm, MPI) gave this process; 0 where there is none."""
    for name in _VARIABLES:
        text = environ.get(name, "")
        if text.isdigit():
            return int(text)
    return 0
