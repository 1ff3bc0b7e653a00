"""The local stack: the real parts, unprivileged and without containers.

Each part can be started, stopped and killed alone, which is how the fault tests use it; the supervisor
runs them all.
"""
