"""The one function that joblib memoises. Frozen: joblib empties its cache when it changes."""


def remember(key: str, produce):  # type: ignore[no-untyped-def]
    """What ``produce()`` returned when ``key`` was first asked for."""
    return produce()
