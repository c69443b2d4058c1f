"""The demonstration: made-up members of an outdoor club, and the platform's main job on them.

Everything happens through the same functions that the doors use; nothing here is a shortcut.
"""
