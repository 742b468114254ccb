"""The one function that joblib memoises. Frozen: joblib empties its cache when it changes."""


def remember(key: str, produce):  # type: ignore[no-untyped-def]
    """What ``produce()`` returned when ``key`` was first asked for."""
    return produce()


# joblib files entries under a function's module: where it was first.
remember.__module__ = "deap_nas.memo"
