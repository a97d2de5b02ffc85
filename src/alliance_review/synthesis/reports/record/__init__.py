"""What the record shows and withholds: information, fit, printing by size, missing results."""
