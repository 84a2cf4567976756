"""What FastAPI answers: control, state and keyed predictions. Plain predictions never come here."""
