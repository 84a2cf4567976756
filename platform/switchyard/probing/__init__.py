"""
Continuous probes: a prober of the proof's own, windows that it samples, and the facts that these give.

``probing`` puts it up in the namespace ``switchyard-proof`` and takes it away; ``Prober.window`` samples while a block
runs, and leaves the raw samples in the bundle.
"""

from switchyard.probing.window import Prober, probing

__all__ = ["Prober", "probing"]
