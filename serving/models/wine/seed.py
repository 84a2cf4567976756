"""
The seed: trains ``wine``, holds it against the golden rows, publishes version 1 where it is absent, and makes it the
first generation of a ledger that has none.

Runs as a job: ``python -m models.wine.seed VOLUME``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.errors import ModelError
from models.ledger import Action, Ledger, Placed
from models.repository import Published, Repository
from models.wine.golden import GOLDEN_FILE, check, read_golden
from models.wine.packaging import assemble
from models.wine.scoring import read_weights
from models.wine.table import read_table
from models.wine.training import train

__all__ = ["publish"]

HERE = Path(__file__).parent
ACTOR = "seed"


def _build_version(folder: Path) -> None:
    assemble(folder, weights=train(read_table()).weights)
    # What was written is checked, not what was meant to be written.
    check(read_golden(), weights=read_weights(folder / "weights.npz"))


def publish(root: Path) -> Published:
    """
    Publish ``wine`` version 1 below *root*; a second call changes nothing.

    Raises:
        ModelError: The weights miss the golden outputs, or the volume or its content refuses; see ``models.errors``.
    """
    golden = read_golden()
    published = Repository(root).publish(
        golden.model,
        version=golden.version,
        config=HERE / "config.pbtxt",
        golden=GOLDEN_FILE,
        build_version=_build_version,
    )
    _begin(Ledger(root, golden.model), published)
    return published


def _begin(ledger: Ledger, published: Published) -> None:
    """Make what was published the champion, unless somebody has decided already who that is."""
    if ledger.current is None:
        intent = ledger.intend(ACTOR, action=Action.SEED, actor=ACTOR, reason="the first model of the environment")
        champion = Placed(published.version, published.digest)
        ledger.commit(intent, aliases={"champion": champion}, reason=intent.reason)


def main() -> int:
    """Publish, print one line, and return the exit status."""
    parser = argparse.ArgumentParser(prog="models.wine.seed", description="Publish wine version 1 where it is absent.")
    parser.add_argument(
        "volume", type=Path, help="root of the model volume: staging, manifests and repository stand or come below it"
    )
    try:
        published = publish(parser.parse_args().volume)
    except ModelError as failure:
        sys.stderr.write(f"{type(failure).__name__}: {failure}\n")
        return 1
    sys.stdout.write(f"{published.model} version {published.version} {published.outcome} digest={published.digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
