"""Reports of a correlation, in numbers or only in words: their likelihood and its maximum."""
