"""Openchair's figures beside those of rivals, taken in the same run: `python -m bench`. See README.md."""
