"""
Tests: promises, looked at from outside, with real parts.

The folders mirror the source. `tests.journeys` tells whole stories over HTTP and in a browser, `tests.vectors` holds
known answers with their origin, `tests.benchmarks` measures the price of governance.
"""
