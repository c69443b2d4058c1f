"""Pages for people: members see and steer what is done with their data, officers their work.

Server-rendered, good without scripts. They call the domain, never the HTTP doors. Who sits at the
browser is told by `api.people`.
"""
