"""The consent panel that shops embed, and an example of a page with it."""
