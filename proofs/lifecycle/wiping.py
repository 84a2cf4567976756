"""
The model volume is lost: nothing is left of what anybody ever wrote there. In a pod of the platform's own.

Sent into the pod as text (see ``losing``), where it is the program. The mount itself cannot go, and neither may the two
folders that running pods have mounted by themselves (``subPath``): Triton ``repository``, a gateway ``state``. A pod is
bound to the folder and not to its name, so what was made anew under the same name would be seen by nobody who runs.
Emptied, both look to whoever runs as a lost volume does: there is nothing, and later there is what was made again.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from yardflow.settings import FlowSettings

__all__ = ["MOUNTED", "wipe"]

MOUNTED: Final = ("repository", "state")


def wipe(volume: Path) -> list[str]:
    """Remove everything below *volume*, also what others made; what is left then, as paths below it."""
    for path in sorted(volume.iterdir()):
        if path.name not in MOUNTED:
            _remove(path)
            continue
        for below in sorted(path.iterdir()):
            _remove(below)
    return sorted(path.relative_to(volume).as_posix() for path in volume.rglob("*"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def main() -> None:
    """Wipe the volume that the platform's own settings name; the last line is what is left."""
    settings = FlowSettings()  # type: ignore[call-arg]  # the environment gives the arguments
    sys.stdout.write(", ".join(wipe(settings.volume)) + "\n")


if __name__ == "__main__":
    main()
