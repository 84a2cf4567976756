"""JSON pointers, as the rest of the engine knows them; the code stands where the prober can take it along."""

from switchyard.prober.pointer import at, differs

__all__ = ["at", "differs"]
