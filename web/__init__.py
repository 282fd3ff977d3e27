"""
Web: everything that knows HTTP, cookies, HTML, JSON or the command line.

A view or a command parses, calls one vault service and answers. What a citizen owns is `vault`'s; who may see it is
`policies`'; what happened is `audit`'s.
"""
