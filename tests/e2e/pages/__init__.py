"""The pages in a real browser: Chromium, on a served Tillit, with a real PostgreSQL behind it."""
