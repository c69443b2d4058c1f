"""A member's own pages, a module each."""
