"""Several reports of one sample: a three-level likelihood."""
