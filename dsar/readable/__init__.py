"""The certificates of an erasure, to be read: in words, on a screen, on paper.

What is signed stays what counts, and is inside what is read (`reading`). `pages` and `sheets` show
the same words; `words` are the closed lists in them.
"""
