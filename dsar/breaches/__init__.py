"""Personal data breaches: the register, its clock, who was affected, who is told.

GDPR Arts. 33 and 34. What an officer writes is sealed under the epoch; the record holds that it was
written, and when.
"""
