"""The model ``wine``: thirteen chemical measurements of a wine in, one of three cultivars out."""
