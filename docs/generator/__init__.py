"""What `build.py` is made of: a file per kind of page."""
