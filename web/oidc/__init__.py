"""Signing in through others: OpenID Connect Core 1.0, code flow with PKCE, as GOV.UK One Login and NHS login shape it.

Everything that speaks to an identity provider, or judges what it says, is in here. Which providers there are is pinned
by configuration (`web.oidc.providers`): issuer, addresses, keys' address, algorithms and the least level of trust; none
of it is discovered. What a provider says is used to find out that it is the same person as last time, and never by
itself to decide who that is.
"""
