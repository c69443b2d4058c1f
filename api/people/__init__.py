"""Who sits at a browser: how people sign in, and what shows that it is still them.

Members and officers ask for a link by e-mail, begin a session with it, and give a second proof
where it is needed. No page stands here and no web framework is known here: pages call these
functions, within a transaction of theirs.

What proves a sign-in rests as a digest, beside a mark made with a key derived from the token
key's file: whoever writes into the database alone signs nobody in.
"""
