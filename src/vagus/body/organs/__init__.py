"""The organs, one statement each: a table of quantities and the equations beside it."""
