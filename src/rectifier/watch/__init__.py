"""Measure what a network does while it trains.

`record` holds the numbers, `watcher` collects them, `script` runs a program under observation. Nothing
here judges: that is `rectifier.doctor`. Importing the package loads no framework.
"""
