"""Letters to members about their requests, in their language, on paper and on a screen.

What a letter says is composed once (`writing`, `answers`) from what is known of a request
(`cases`), kept sealed (`kept`) and put on its way (`making`). `pages` and `sheets` show the same
words as HTML, plain text and PDF.
"""
