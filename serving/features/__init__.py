"""The feature store's process: definitions, and a feature server that fills its online store by itself."""
