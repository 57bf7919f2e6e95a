"""Part of rectifier."""
