"""Small studies and selective reporting: funnel asymmetry and what follows from it."""
