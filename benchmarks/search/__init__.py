"""Full searches beside one another: other people's, parts of our own, and what was aimed at.

Run from the repository's root, on a machine with nothing else to do; each command does what is
missing, one search after the other:

    python -m benchmarks.search.rivals --who all --engine native fit --seed 0 1 2 3 4
    python -m benchmarks.search.attribution     # our search with one thing changed
    python -m benchmarks.search.targets         # the command as it is, against the targets
    python -m benchmarks.search.describe        # tables and figures of what is there
"""
