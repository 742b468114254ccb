"""A shim for tools that still call it; setup.cfg holds the settings."""

from setuptools import setup

setup()
