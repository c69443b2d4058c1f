"""Connectors: how recipients are told what was done, and how what they answer is taken.

`sending` is the way of one word outward: begun in one transaction, carried over the network in
none, ended in a second one. What carries it is `opendsr`, `webhook` or `mailbox`. `answers` takes
what recipients say by themselves, `desk` is what officers see and do.
"""
