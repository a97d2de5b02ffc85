"""Levels of a moderator compared with the likelihood of reports."""
