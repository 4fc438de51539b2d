"""What numbers of examples say about a system: estimates, tests, and what a suite is able to see; no I/O.

Everything is over the standard library, and the tests hold it against SciPy and statsmodels. Reasons for the
choices, by simulation: `python -m benchmarks false_alarms`.
"""
