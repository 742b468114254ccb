"""The report's run, reproduced side by side: from the searches to results/paper/README.md.

Run from the repository's root, in this order; each goes on where it was stopped:

    python -m benchmarks.paper.run              # the searches
    python benchmarks/published_genomes.py --seeds 5
    python -m benchmarks.paper.choices          # the report's choices, measured
    python -m benchmarks.paper.page             # the page, from what is there
"""
