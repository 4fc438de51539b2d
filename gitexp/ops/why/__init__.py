"""Why a run has the score that it has: `git exp why`."""
