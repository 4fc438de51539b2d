"""Large files by hash, in the layout of Git LFS."""
