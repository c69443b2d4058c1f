"""The officers' pages, a module each."""
