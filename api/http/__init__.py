"""The HTTP doors: what services, members, officers and witnesses may ask, and nothing else.

`doors` lets a caller in and runs one request in one transaction; the other modules say what
each door does. `problems` turns every mistake into one shape; `docs/http.md` describes all.
"""
