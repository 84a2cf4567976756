"""The embedded node: a real one-node Kubernetes with Argo CD, built from pinned source."""
