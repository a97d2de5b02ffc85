"""``python -m alliance_review.book.analyse``: check the data, then compute stale results.

A process of its own: a build begins with it while other parts are still being imported. Exit
code `FAULTY` means that the data have faults, which are printed; any other failure is ours.
"""

import sys

FAULTY = 3


def main() -> int:
    """Check, compute, and return the exit code."""
    from alliance_review import analysis, evidence

    text, good = evidence.report()
    print(text, flush=True)
    if good:
        analysis.build()
    return 0 if good else FAULTY


if __name__ == "__main__":
    sys.exit(main())
