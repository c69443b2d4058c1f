"""The tamper-evident record of every use of members' data: a Merkle log anyone can check.

An *entry* says who did what, for which purpose, to which member, and when. It is written in
the transaction that it records (`record`), gets its *leaf* number within a second
(`integrator`), and is from then on covered by a signed *checkpoint*. Formats are the open
ones of transparency logs (RFC 6962, C2SP), so that tools others wrote can check it; `verify`
does so offline and needs nothing else of ours.

This room touches its own tables (``audit_…``) and one file (`memory`), and imports only
`kernel`. It never holds a key that opens details or sets: callers seal, it stores.

Invariants
    * No entry without its transaction: `Record.write` never commits and refuses to run
      outside one. What is rolled back was never on record.
    * A leaf holds no personal data: subjects are keyed hashes, details are commitments with
      their own salt. Erasing the sealed detail leaves nothing to guess from.
    * Leaves and tiles are never changed; leaf numbers have no gap.
    * Where something hangs on what entries say, they are seen to be ours first (`trusting`).
    * A checkpoint is signed only over a tree that the one before it leads to. The newest is
      remembered outside the database, where whoever can write to that cannot take it away.
"""
