"""Whether a run may take the place of the one it is held against: `git exp gate`."""
