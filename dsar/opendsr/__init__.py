"""Requests that others hand in for members: other companies by OpenDSR 2.0, services over HTTP.

`wire` is what the standard says, word for word; `signing` who said it. `receiving` takes a request
in and finds out, later and unseen, whom it is about; `handed` keeps it; `callbacks` tells its
sender what became of it. Nobody's word here releases or erases anything: the member is asked.
"""
