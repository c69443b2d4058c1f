"""Past answers asked again: whether they were right, and what a draft would have made of them.

`past_scanning` finds past uses in the record, `hindsight` judges each as of its own time,
`replaying` goes through them all, `explaining` walks through one.
"""
