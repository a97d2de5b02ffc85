"""Meta-regression: moderators, permutation tests."""
