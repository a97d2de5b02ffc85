"""Power of a meta-analysis, and what it takes to reach it."""
