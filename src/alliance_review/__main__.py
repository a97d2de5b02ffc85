"""The command line: ``python -m alliance_review COMMAND``; every command says what it does.

Exit codes: 0 done, 1 not done (the reason is printed).
"""

import argparse
import sys
from collections.abc import Sequence


def _build(options: argparse.Namespace) -> int:
    from alliance_review import paths
    from alliance_review.book import pipeline

    jobs = {"jobs": options.jobs} if options.jobs else {}
    return pipeline.build(
        paths.ROOT,
        html_only=options.html_only,
        force=options.force,
        verbose=options.verbose,
        **jobs,
    )


def _check(options: argparse.Namespace) -> int:
    from alliance_review import evidence

    text, good = evidence.report()
    print(text)
    return 0 if good else 1


def _explain(options: argparse.Namespace) -> int:
    from alliance_review import paths
    from alliance_review.reporting import explain

    try:
        print(explain.explain(options.what, paths.RESULTS, paths.DATA))
    except explain.Unknown as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m alliance_review", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="check the data, execute the chapters, make website "
                                              "and PDF; only what is due")  # fmt: skip
    build.add_argument("--jobs", type=_positive, metavar="N",
                       help="chapters executed side by side (default: number of processors)")
    build.add_argument("--html-only", action="store_true", help="no PDF")
    build.add_argument("--force", action="store_true", help="take nothing from earlier builds")
    build.add_argument("--verbose", action="store_true", help="show tracebacks and Sphinx's output")
    build.set_defaults(run=_build)

    check = commands.add_parser("check", help="validate the data; one line per fault")
    check.set_defaults(run=_check)

    explain = commands.add_parser(
        "explain", help="where a number comes from: its value, the rows behind it, their sources"
    )
    explain.add_argument("what", metavar="PATH-OR-ID",
                         help="path into results.json (pools.core.all_reports.r), or the id of an "
                              "effect, a sample or a study")  # fmt: skip
    explain.set_defaults(run=_explain)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
