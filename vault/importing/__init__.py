"""Importing: taking records over from the silos that hold them, FHIR R4 and the council's CSV files.

Reading (`reading` and all it uses) is pure: a file in, subjects, items and notices out; no database, no clock. It reads
only what the catalogue has a home for, so a foreign identifier or an unknown extension is not removed but never picked
up. Matching people and keeping items are `matching`, `tray` and `run`.
"""
