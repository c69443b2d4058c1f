"""What every room stands on: database, ids, clock, errors, jobs.

The list of modules is closed (``tests/architecture`` holds it): this room is not a place
for leftovers. It imports no other room.
"""
