"""Dependent effects: three-level models and cluster-robust errors."""
