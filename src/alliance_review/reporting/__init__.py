"""Tables, figures and numbers as the chapters show them."""

from .display import Shown, show_figure, show_table

__all__ = ["Shown", "show_figure", "show_table"]
