"""Where alerts end: an inbox that keeps what it was sent, for whoever asks whether it arrived."""
