"""Print how far each quantity agrees with other software.

    python -m alliance_review.verification [TOPIC ...]

With names of topics, only these. Exit code 1 where a number is outside its tolerance.
"""

import sys

from alliance_review import verification


def main(names: list[str]) -> int:
    """Print one line per quantity; 1 if one disagrees, 2 for a topic that does not exist."""
    unknown = sorted(set(names) - set(verification.topics()))
    if unknown:
        print(f"no such topic: {', '.join(unknown)}; there are {', '.join(verification.topics())}",
              file=sys.stderr)  # fmt: skip
        return 2
    rows = verification.summary(names or None)
    print(f"{'topic':14} {'quantity':48} {'numbers':>7} {'largest':>9} {'allowed':>8}  where")
    for row in rows:
        mark = "" if row.agrees else "  DISAGREES"
        print(f"{row.topic:14} {row.quantity[:48]:48} {row.comparisons:7} {row.largest:9.1e} "
              f"{row.tolerance:8.0e}  {row.where}{mark}")  # fmt: skip
    print(f"{sum(row.comparisons for row in rows)} numbers compared")
    return 0 if all(row.agrees for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
