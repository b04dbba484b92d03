"""The commands of ``vagus``, one module each; heavy imports wait until a command runs."""
