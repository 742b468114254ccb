"""Spaces that know no CNN: what operators need and nothing else."""

from __future__ import annotations

from itertools import pairwise


class EvenSum:
    """Two to six digits whose sum is even."""

    def __contains__(self, genes):
        return 2 <= len(genes) <= 6 and sum(genes) % 2 == 0

    def kind(self, gene):
        return ("even", "odd")[gene % 2]

    def replacements(self, genes, i):
        return [gene for gene in range(10) if gene != genes[i] and gene % 2 == genes[i] % 2]

    def insertions(self, genes):
        room = len(genes) < 6
        return [(i, gene) for i in range(len(genes) + 1) for gene in range(0, 10, 2) if room]

    def deletions(self, genes):
        return [i for i, gene in enumerate(genes) if gene % 2 == 0 and len(genes) > 2]

    def sample(self, rng):
        digits = [rng.randrange(10) for _ in range(rng.randint(1, 5))]
        return [*digits, rng.randrange(sum(digits) % 2, 10, 2)]


class Anything(EvenSum):
    """Any list of digits."""

    def __contains__(self, genes):
        return True


class Recipe:
    """Steps of (verb, minutes), such as ("stir", 5), in which no verb follows itself."""

    verbs = ("chop", "stir", "wait")
    minutes = (1, 2, 5, 10)

    def __contains__(self, genes):
        verbs = [gene[0] for gene in genes]
        return 1 <= len(genes) <= 5 and all(a != b for a, b in pairwise(verbs))

    def kind(self, gene):
        return gene[0]

    def replacements(self, genes, i):
        steps = [(verb, minutes) for verb in self.verbs for minutes in self.minutes]
        return [
            step
            for step in steps
            if step != genes[i] and [*genes[:i], step, *genes[i + 1 :]] in self
        ]

    def insertions(self, genes):
        steps = [(verb, minutes) for verb in self.verbs for minutes in self.minutes]
        pairs = [(i, step) for i in range(len(genes) + 1) for step in steps]
        return [(i, step) for i, step in pairs if [*genes[:i], step, *genes[i:]] in self]

    def deletions(self, genes):
        return [i for i in range(len(genes)) if [*genes[:i], *genes[i + 1 :]] in self]

    def sample(self, rng):
        genes: list[tuple[str, int]] = []
        for _ in range(rng.randint(1, 5)):
            last = genes[-1][0] if genes else None
            verb = rng.choice([verb for verb in self.verbs if verb != last])
            genes.append((verb, rng.choice(self.minutes)))
        return genes


class Fixed:
    """Any list of ``n`` of the ``alphabet``'s values: a space without further rules."""

    def __init__(self, alphabet=(0, 1, 2, 3), n=6):
        self.alphabet, self.n = alphabet, n

    def __contains__(self, genes):
        return len(genes) == self.n and all(gene in self.alphabet for gene in genes)

    def kind(self, gene):
        return "value"

    def replacements(self, genes, i):
        return [gene for gene in self.alphabet if gene != genes[i]]

    def insertions(self, genes):
        return []

    def deletions(self, genes):
        return []

    def sample(self, rng):
        return [rng.choice(self.alphabet) for _ in range(self.n)]


class Longer(Fixed):
    """The same without a length."""

    def __contains__(self, genes):
        return all(gene in self.alphabet for gene in genes)


class Order(Fixed):
    """Permutations of 0 to ``n - 1``: no gene can be replaced, inserted or deleted."""

    def __contains__(self, genes):
        return sorted(genes) == list(range(self.n))

    def replacements(self, genes, i):
        return []

    def sample(self, rng):
        return rng.sample(range(self.n), self.n)
