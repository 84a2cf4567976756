"""Facts and what follows from them: judges, journal, bundle and rendering. Pure; needs no cluster."""
