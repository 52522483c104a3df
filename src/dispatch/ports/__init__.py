"""What we ask of other systems: one file per port with its Protocol, its frozen values and an in-memory fake.

Ports import only `kit`. A provider raises `Unavailable` (try again) or `Refused` (a person has to act), nothing else.
"""
