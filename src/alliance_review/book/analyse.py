"""``python -m alliance_review.book.analyse``: compute the results when they are stale."""

if __name__ == "__main__":
    from alliance_review import analysis

    analysis.build()
