"""Measuring genomes, whatever measures them: this room knows no networks.

``evaluator`` is handed a trainer (``protocol``) and a ``backend``, of which ``workers`` are one; it
keeps each outcome by genome and budget, in memory, in a ``cache`` and in a record, from which
``replay`` takes them again. ``fitness`` has the Evaluation, and what a search makes of it.
"""
