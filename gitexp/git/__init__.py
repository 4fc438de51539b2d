"""The git object database and refs: the only place that knows pygit2, dulwich and the git program."""
