"""The tracking server's process: MLflow behind its database, migrated, with the password that its secret says."""
