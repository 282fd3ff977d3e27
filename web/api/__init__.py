"""The service protocol over HTTP: OAuth endpoints, the data API, and what is public of the log.

A view here parses, calls one vault service and answers. Pages for people are `web.pages`.
"""
