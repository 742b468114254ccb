"""The layers that come with the package, a file a family."""
