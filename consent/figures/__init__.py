"""Figures about groups of members: how many consent, why others do not, what runs out when.

Nothing here is about one member, and nothing leaves that could be: `disclosure` holds it back.
"""
