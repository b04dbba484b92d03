"""Published results beside what the body does: measured value, simulated interval, verdict."""
