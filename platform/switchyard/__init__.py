"""The engine: observes a cluster, moves a layer, runs the proof. Knows no service by name."""
