"""A search from a program or a notebook: a function, a classifier, and what was found."""
