"""Models of selection by p value."""
