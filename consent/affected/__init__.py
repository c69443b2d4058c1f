"""Whose data were given out, by whom, when, and which fields: answered from the record.

For an officer who has a breach to assess (Arts. 33 and 34). What the record cannot tell any more
counts as "may have been affected", and is said to.
"""
