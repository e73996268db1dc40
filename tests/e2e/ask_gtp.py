#!/usr/bin/python3
"""ask_gtp.py OWN SERVICE create|update|delete IMSI... - one request per call, from whatever namespace it
is run in. Prints `IMSI cause teid address` for each; update and delete take IMSI=TEID."""
import sys

import gtp

own, service, verb, calls = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
s = gtp.Sgsn(own, service)
for call in calls:
    imsi, _, teid = call.partition("=")
    s.seq = int(imsi[-4:]) + {"create": 10000, "update": 20000, "delete": 30000}[verb]
    answer = s.ask(s.create(imsi) if verb == "create" else getattr(s, verb)(int(teid)))
    print(imsi, answer.cause, answer.number(gtp.TEID_CONTROL), answer.address)
