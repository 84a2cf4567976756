"""An environment after the seed, for what a proof does in one; a file that needs more makes it of this one."""

from __future__ import annotations

from proofs.unit.yardflow.conftest import _client, _flow  # noqa: F401 - pytest finds fixtures by these names
