"""What `accuracy.py` is made of: references, contestants, the measure, and the results it keeps."""
