"""Exporting: a citizen's own data, shaped into files they can keep and take elsewhere (UK GDPR, Articles 15 and 20).

Everything here is pure: it takes what the door opened and gives back bytes. The door is `vault.access`; what people
read, in their own words, is made by `web`.
"""
