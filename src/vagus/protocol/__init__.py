"""What is delivered: device, electrode, waveform, schedule, and their electrical safety."""
