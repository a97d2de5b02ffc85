"""A living, reproducible review of the therapeutic relationship in drug treatment."""

__version__ = "26.1.0"
