"""What is measured, against whom, and the ratios: run by ``make bench``, told in docs."""
